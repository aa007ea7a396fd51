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
}
