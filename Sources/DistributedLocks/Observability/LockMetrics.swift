import Metrics

/// What a service counts and times. Resolved once, when the service is made.
struct LockMetrics: Sendable {
    private let waitTimers: [AcquireOutcome: Timer]
    private let holdTimer: Timer
    private let lossCounter: Counter
    private let renewalsConfirmed: Counter
    private let renewalsRefused: Counter
    private let renewalsUnknown: Counter

    init(store: String, factory: any MetricsFactory) {
        func dimensions(_ more: (String, String)...) -> [(String, String)] { [("store", store)] + more }
        func renewals(_ result: String) -> Counter {
            Counter(label: "lock.renewals", dimensions: dimensions(("result", result)), factory: factory)
        }
        waitTimers = Dictionary(
            uniqueKeysWithValues: AcquireOutcome.allCases.map { outcome in
                let dimensions = dimensions(("outcome", outcome.rawValue))
                return (outcome, Timer(label: "lock.acquire", dimensions: dimensions, factory: factory))
            }
        )
        holdTimer = Timer(label: "lock.hold", dimensions: dimensions(), factory: factory)
        lossCounter = Counter(label: "lock.losses", dimensions: dimensions(), factory: factory)
        renewalsConfirmed = renewals("confirmed")
        renewalsRefused = renewals("refused")
        renewalsUnknown = renewals("unknown")
    }

    /// An acquire ended after `wait`.
    func acquireEnded(_ outcome: AcquireOutcome, after wait: Duration) {
        waitTimers[outcome]?.record(duration: wait)
    }

    /// A lease is over.
    func ended(_ reason: LossReason, heldFor time: Duration) {
        holdTimer.record(duration: time)
        if reason != .released { lossCounter.increment() }
    }

    /// A renewal was answered.
    func renewed(_ answer: Renewal) {
        switch answer {
        case .confirmed: renewalsConfirmed.increment()
        case .refused: renewalsRefused.increment()
        case .unknown: renewalsUnknown.increment()
        }
    }
}
