/// How long a node stays, and whether the server adds a number to its name.
enum CreateMode: Int32, Sendable {
    /// Until it is deleted.
    case persistent = 0
    /// Until its session ends.
    case ephemeral = 1
    /// Until it is deleted; with a number.
    case persistentSequential = 2
    /// Until its session ends; with a number.
    case ephemeralSequential = 3
    /// Until the server finds that it has no children any more.
    case container = 4
}
