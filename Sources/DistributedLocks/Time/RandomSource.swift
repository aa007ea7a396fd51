import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A source of random numbers that can be shared between tasks; injected so that tests can seed it.
public final class RandomSource: Sendable {
    private let generate: @Sendable () -> UInt64

    /// Uses the operating system's generator, which is safe for identifiers that nobody may guess. Asks it for many numbers at
    /// a time.
    public static let system = RandomSource(BufferedSystemGenerator())

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

    /// The elements in an order of which each is equally likely.
    package func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var source = Words(source: self)
        return elements.shuffled(using: &source)
    }

    private struct Words: RandomNumberGenerator {
        let source: RandomSource
        mutating func next() -> UInt64 { source.next() }
    }

    /// A duration drawn uniformly from zero up to `limit` ("full jitter"); zero when `limit` is not positive.
    public func jitter(upTo limit: Duration) -> Duration {
        guard limit > .zero else { return .zero }
        return limit * (Double(next() >> 11) * 0x1p-53)
    }
}

/// The operating system's generator, asked for many numbers at a time: each question is a system call.
private struct BufferedSystemGenerator: RandomNumberGenerator, Sendable {
    /// As many as one question may ask for: 256 bytes.
    private static let size = 32
    private var numbers: [UInt64] = []
    /// Whose numbers these are: a forked process must not draw the same as its parent.
    private var process: pid_t = 0

    mutating func next() -> UInt64 {
        if process != getpid() {
            process = getpid()
            numbers = []
        }
        if let number = numbers.popLast() { return number }
        let isFilled = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.size) { fresh in
            guard getentropy(fresh.baseAddress, Self.size * MemoryLayout<UInt64>.size) == 0 else { return false }
            numbers.append(contentsOf: fresh)
            return true
        }
        if isFilled, let number = numbers.popLast() { return number }
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
