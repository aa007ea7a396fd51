/// How the name of a lock becomes a path below ``ZooKeeperConfiguration/chroot``.
public enum ZooKeeperNames: String, CaseIterable, Hashable, Sendable {
    /// A `/` in a name is percent-encoded, so that each lock is one node right below the chroot.
    case escaped
    /// A `/` separates the parts of a path, as programs with Curator and kazoo name their locks.
    case paths
}
