/// How a lock is given back by another process when the one that holds it has died: what the guard executes then.
struct LockReturn: Hashable, Sendable {
    /// The arguments of this very program.
    let arguments: [ByteString]
    /// All environment variables of that program.
    let environment: ChildEnvironment
}
