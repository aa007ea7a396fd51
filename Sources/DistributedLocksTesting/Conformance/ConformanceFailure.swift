/// A store does not keep one of its promises.
public struct ConformanceFailure: Error, Hashable, Sendable {
    /// The name of the check that found it.
    public let check: String
    /// What was promised.
    public let promised: String
    /// What was seen instead.
    public let seen: String
    /// Whether nothing at all happened until the limit of the fixture: the store is stuck, or much too slow.
    public let isStuck: Bool

    /// Describes a failure.
    public init(check: String, promised: String, seen: String, isStuck: Bool = false) {
        self.check = check
        self.promised = promised
        self.seen = seen
        self.isStuck = isStuck
    }
}

extension ConformanceFailure: CustomStringConvertible {
    /// For example `order.fifo: promised: first come, first served; seen: …`.
    public var description: String { "\(check): promised: \(promised); seen: \(seen)" }
}
