import DistributedLocks

@testable import ZooKeeperLocks

/// What somebody wants to be sent.
final class SimulatedCall {
    let requests: [(Operation, Int?)]
    let deadline: LeaseClock.Instant
    let isAbsolute: Bool
    /// Whose it is; decides among what happens at the same time.
    let rank: Int
    let errand: Errand
    let onSend: () -> Void
    let completion: (Result<[Exchange.Outcome], any Error>) -> Void

    init(
        _ requests: [(Operation, Int?)],
        until deadline: LeaseClock.Instant,
        isAbsolute: Bool = false,
        rank: Int = 0,
        errand: Errand = Errand(),
        onSend: @escaping () -> Void = {},
        completion: @escaping (Result<[Exchange.Outcome], any Error>) -> Void
    ) {
        self.requests = requests
        self.deadline = deadline
        self.isAbsolute = isAbsolute
        self.rank = rank
        self.errand = errand
        self.onSend = onSend
        self.completion = completion
    }
}

/// Requests that are sent together, and what comes of each; does what `Exchange` does.
final class SimulatedExchange {
    let number: Int
    let call: SimulatedCall
    private var outcomes: [Exchange.Outcome?]
    private var missing: Int
    var completion: (([Exchange.Outcome]) -> Void)?

    init(_ number: Int, _ call: SimulatedCall) {
        self.number = number
        self.call = call
        outcomes = Array(repeating: nil, count: call.requests.count)
        missing = call.requests.count
    }

    /// One request has its outcome.
    ///
    /// - Parameters:
    ///   - index: Which one.
    ///   - outcome: What came of it.
    /// - Returns: Whether that is news.
    @discardableResult
    func finish(_ index: Int, _ outcome: Exchange.Outcome) -> Bool {
        guard outcomes[index] == nil else { return false }
        outcomes[index] = outcome
        missing -= 1
        completeIfReady()
        return true
    }

    /// Gives up on whatever has no outcome yet.
    func end(_ failure: RequestFailure) {
        guard missing > 0 else { return }
        for index in outcomes.indices where outcomes[index] == nil { outcomes[index] = .failure(failure) }
        missing = 0
        completeIfReady()
    }

    private func completeIfReady() {
        guard missing == 0, let completion else { return }
        self.completion = nil
        completion(outcomes.compactMap(\.self))
    }
}
