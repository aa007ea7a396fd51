/// Which lock recipe's names the nodes get that contend for a lock. All recipes' nodes are recognized in any case.
public enum ZooKeeperNaming: String, CaseIterable, Hashable, Sendable {
    /// As Apache Curator writes them, for its `InterProcessMutex` and `InterProcessReadWriteLock`.
    case curator
    /// As kazoo writes them, for its `Lock`, `ReadLock` and `WriteLock`.
    case kazoo
    /// Such that Curator and kazoo each recognize them.
    case both
}
