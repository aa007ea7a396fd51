/// Who may do what with the nodes that are created.
public enum ZooKeeperAccess: String, CaseIterable, Hashable, Sendable {
    /// Everybody everything (`world:anyone`), as with Curator and kazoo if they are not told otherwise.
    case open
    /// Everything for those who have authenticated as this client has, nothing for anybody else. Needs credentials or a
    /// client certificate.
    case creator
}
