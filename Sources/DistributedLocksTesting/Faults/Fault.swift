public import DistributedLocks

/// What can go wrong between a program and its store.
public enum Fault: Hashable, Sendable {
    /// The request never reaches the store. The caller gets `LockError.unreachable(store:reason:)`.
    case lostRequest
    /// The request takes effect, but the caller gets `LockError.unreachable(store:reason:)`. An acquire that waits gets
    /// it when it would have been answered.
    case lostReply
    /// The request is on its way until ``FaultyStore/resume()``.
    case stalledRequest
    /// The request takes effect, and its answer is on its way until ``FaultyStore/resume()``.
    case stalledReply
    /// The request is on its way for so long, on the store's clock.
    case delayedRequest(Duration)
    /// The request takes effect, and its answer is on its way for so long, on the store's clock.
    case delayedReply(Duration)
    /// The store refuses the request with this error; it has no effect.
    case refusal(LockError)
}

/// How often what goes wrong when faults are drawn at random.
public struct FaultRates: Hashable, Sendable {
    /// How many of a thousand requests are lost.
    public var lostRequests = 0
    /// How many of a thousand replies are lost.
    public var lostReplies = 0
    /// How many of a thousand requests are delayed.
    public var delayedRequests = 0
    /// How many of a thousand replies are delayed.
    public var delayedReplies = 0
    /// The longest delay.
    public var longestDelay = Duration.seconds(1)

    /// Nothing goes wrong.
    public init() {}

    /// The fault of one call; `nil` for none.
    func draw(from generator: inout SeededGenerator) -> Fault? {
        var number = Int.random(in: 0..<1_000, using: &generator)
        let delay = longestDelay * Double.random(in: 0...1, using: &generator)
        let table: [(Int, Fault)] = [
            (lostRequests, .lostRequest), (lostReplies, .lostReply),
            (delayedRequests, .delayedRequest(delay)), (delayedReplies, .delayedReply(delay)),
        ]
        for (rate, fault) in table {
            if number < rate { return fault }
            number -= rate
        }
        return nil
    }
}
