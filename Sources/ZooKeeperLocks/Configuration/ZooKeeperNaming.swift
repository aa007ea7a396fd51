/// Which lock recipe's names the nodes get that contend for a lock. All recipes' nodes are recognized in any case.
public enum ZooKeeperNaming: String, CaseIterable, Hashable, Sendable {
    /// As Apache Curator writes them for its `InterProcessMutex`.
    case curator
    /// As kazoo writes them for its `Lock`.
    case kazoo
    /// Two nodes for each claim, one of either, for locks that programs with Curator and programs with kazoo take part in.
    case both
}
