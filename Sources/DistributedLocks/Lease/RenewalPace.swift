/// When the renewals of a lease go out.
struct RenewalPace: Hashable, Sendable {
    /// From one confirmed renewal to the next: a third of the lease, less up to a tenth of jitter.
    let interval: Duration
    /// From a failed attempt to the next.
    let retry: Duration
    /// How much earlier a renewal may go out in order to travel together with others.
    let slack: Duration

    /// The pace for a lease of `ttl`.
    init(ttl: Duration, random: RandomSource) {
        let third = ttl / 3
        interval = third - random.jitter(upTo: third / 10)
        retry = max(.milliseconds(10), ttl / 30)
        slack = ttl / 150
    }

    /// When to renew a lease that was confirmed until `deadline`, as known since `now`.
    ///
    /// An interval later; sooner if the confirmation was long under way (a grant that waited in a queue, a slow answer), so
    /// that there is time for more than one attempt.
    func next(after now: LeaseClock.Instant, deadline: LeaseClock.Instant) -> LeaseClock.Instant {
        let latest = deadline.advanced(by: .zero - interval * 2)
        return max(now.advanced(by: retry), min(now.advanced(by: interval), latest))
    }
}

extension StoreCapabilities.Lifetime {
    /// The lease that renewals are paced for, where `ttl` is asked for.
    ///
    /// What a session store knows of its session is at any time good for a good third of the timeout.
    func renewed(_ ttl: Duration) -> Duration {
        if case .session(let timeout) = self { timeout / 3 } else { ttl }
    }
}
