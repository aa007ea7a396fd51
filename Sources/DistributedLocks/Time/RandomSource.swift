import Synchronization

/// A source of random numbers that can be shared between tasks; injected so that tests can seed it.
public final class RandomSource: Sendable {
    private let generate: @Sendable () -> UInt64

    /// Uses the operating system's generator, which is safe for identifiers that nobody may guess.
    public static let system = RandomSource {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    private init(_ generate: @escaping @Sendable () -> UInt64) {
        self.generate = generate
    }

    /// Draws from `generator`, one caller at a time.
    public convenience init<Generator: RandomNumberGenerator & Sendable>(_ generator: Generator) {
        let shared = Mutex(generator)
        self.init { shared.withLock { $0.next() } }
    }

    /// Sixty-four random bits.
    public func next() -> UInt64 { generate() }

    /// A duration drawn uniformly from zero up to `limit` ("full jitter"); zero when `limit` is not positive.
    public func jitter(upTo limit: Duration) -> Duration {
        guard limit > .zero else { return .zero }
        return limit * (Double(next() >> 11) * 0x1p-53)
    }
}
