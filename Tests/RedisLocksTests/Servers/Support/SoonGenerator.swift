/// Random numbers of which the upper bits are zero: jitter that is drawn from them is a hundredth of what it might be, so
/// that a test need not wait for a client that has been unlucky.
struct SoonGenerator: RandomNumberGenerator, Sendable {
    private var system = SystemRandomNumberGenerator()

    mutating func next() -> UInt64 { system.next() >> 7 }
}
