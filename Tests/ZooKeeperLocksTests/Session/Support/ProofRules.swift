import DistributedLocks

/// The rules of a ``SessionProof`` in their plainest form: everything is remembered, and everything is compared with everything.
/// In microseconds.
struct ProofRules {
    /// A request that was answered.
    struct Exchange {
        let sent: Int
        let arrived: Int
        var isTransaction = false
    }

    let timeout: Int
    let handshake: Exchange
    private(set) var exchanges: [Exchange] = []

    init(timeout: Int, handshake: Exchange) {
        self.timeout = timeout
        self.handshake = handshake
    }

    mutating func add(_ exchange: Exchange) { exchanges.append(exchange) }

    /// When the latest base was sent that two transactions have made certain.
    var certain: Int {
        var latest = handshake.sent
        for last in exchanges where last.isTransaction {
            for middle in exchanges where middle.isTransaction && middle.arrived <= last.sent {
                latest = max(latest, base(of: middle) ?? latest)
            }
        }
        return latest
    }

    /// The same, also of what one quick transaction makes likely.
    var likely: Int {
        var latest = certain
        for single in exchanges where single.isTransaction && single.arrived - single.sent <= timeout / 8 {
            latest = max(latest, (base(of: single) ?? latest) - timeout * 35 / 100)
        }
        return latest
    }

    /// When the latest request was sent that had been answered long enough before a transaction.
    private func base(of transaction: Exchange) -> Int? {
        ([handshake] + exchanges).filter { $0.arrived * 3 <= transaction.sent * 3 - timeout }.map(\.sent).max()
    }

    /// Until when the session lives at the least, if it lived for its timeout from `sent` on.
    func deadline(_ sent: Int) -> LeaseClock.Instant {
        let start = LeaseClock.Instant(offset: .microseconds(sent))
        return LeaseTerm(ttl: .microseconds(timeout)).deadline(confirmedBySending: start)
    }
}
