package import DistributedLocks

/// How long to wait before the next attempt to connect: anything from nothing up to a limit that doubles each time ("full
/// jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
package struct Backoff: Sendable {
    private static let first = Duration.milliseconds(50)
    private static let longest = Duration.seconds(1)

    private let random: RandomSource
    private var limit = first

    /// Begins with short pauses.
    package init(random: RandomSource) {
        self.random = random
    }

    /// The next pause.
    package mutating func next() -> Duration {
        defer { limit = min(limit * 2, Self.longest) }
        return random.jitter(upTo: limit)
    }

    /// It worked: begin with short pauses again.
    package mutating func reset() {
        limit = Self.first
    }
}
