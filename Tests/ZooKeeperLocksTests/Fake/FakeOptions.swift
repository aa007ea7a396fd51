/// How a ``FakeZooKeeper`` is made.
struct FakeOptions {
    /// How many servers it has. The first one leads.
    var servers = 1
    /// The unit of the servers' time. Sessions end at multiples of it.
    var tick = Duration.seconds(2)
    /// The shortest session timeout; two ticks if `nil`.
    var shortestTimeout: Duration?
    /// The longest session timeout; twenty ticks if `nil`.
    var longestTimeout: Duration?
    /// After how many ticks without its leader a follower gives up, and closes its connections.
    var syncLimit = 5
    /// How many bytes a request may have.
    var frameLimit = 1_048_575
}
