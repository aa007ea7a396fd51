import DistributedLocks

/// The waiters of this client for one lock, and when the server has to hear of them again.
///
/// A value without I/O. A waiter confirms its place every third of the shortest lease around, so that it is not taken for
/// dead, and so that somebody notices when the holder's lease runs out.
struct WaitLine {
    /// One waiter.
    struct Place {
        let claim: LockClaim
        let ttl: Duration
        /// What the lock is set to when it is granted.
        let value: String
        /// Where the task waits.
        var slot: WaitSlot<WaitOutcome>
        /// Just before the request was sent that the server has confirmed last. Whenever the grant was made, it was later.
        var confirmed: LeaseClock.Instant
        /// When it first asked, by the server's clock.
        var asked: String
        /// How many are ahead.
        var ahead: Int
        /// Who was in the way when the server last told.
        var contention: Contention
    }

    /// What has to be done after an answer.
    enum Effect {
        /// This waiter has the lock.
        case granted(Place, FencingToken)
        /// The server has forgotten this waiter: it has to ask again.
        case askAgain(Place)
    }

    /// The keys of the lock.
    let keys: LockKeys
    private(set) var places: [OwnerID: Place] = [:]
    /// Whether the holder is not one of ours: its release comes as an invalidation, if the server does that.
    private(set) var isForeign = false
    private var shortestTTL: Duration?
    /// The one of these that is the first in the queue.
    private var head: OwnerID?
    private var expiry: LeaseClock.Instant?
    private var lastBeat: LeaseClock.Instant?
    /// How much earlier than every third of a lease the server hears of us, so that clients spread out.
    private let earliness: Double

    private static let shortestInterval = Duration.milliseconds(100)
    private static let margin = Duration.milliseconds(1)

    /// Makes an empty line.
    ///
    /// - Parameters:
    ///   - keys: The keys of the lock.
    ///   - random: What jitter is drawn from.
    init(keys: LockKeys, random: RandomSource) {
        self.keys = keys
        earliness = Double(random.next() >> 11) * 0x1p-53 / 10
    }

    /// Who waits, first come first: those whom the server has forgotten ask again in this order.
    var owners: [OwnerID] {
        places.values.sorted { ($0.asked.utf8.count, $0.asked) < ($1.asked.utf8.count, $1.asked) }.map(\.claim.owner)
    }

    /// Whether nobody waits.
    var isEmpty: Bool { places.isEmpty }

    /// Whether the first in the queue is one of these.
    var hasHead: Bool { head != nil }

    /// Whether the server has to be asked to tell of the holder's end, since the holder will not.
    var wantsInvalidation: Bool { isForeign && hasHead }

    /// Adds a waiter, or notes that it is still there.
    mutating func admit(_ place: Place, _ obstacle: AcquireAnswer.Obstacle, at now: LeaseClock.Instant) {
        places[place.claim.owner] = place
        note(place.claim.owner, ahead: place.ahead)
        isForeign = obstacle.isForeign
        expiry = obstacle.remaining.map { now.advanced(by: $0) }
        shortestTTL = min(shortestTTL ?? place.ttl, obstacle.shortestTTL, place.ttl)
        if lastBeat == nil { lastBeat = now }
    }

    /// Takes a waiter out.
    mutating func remove(_ owner: OwnerID) -> Place? {
        if head == owner { head = nil }
        return places.removeValue(forKey: owner)
    }

    /// The server has not been heard of: try again soon.
    mutating func beatFailed(at now: LeaseClock.Instant) {
        lastBeat = now.advanced(by: .zero - interval / 2)
        expiry = nil
    }

    /// Notes what the server says.
    ///
    /// - Parameters:
    ///   - answer: Its answer.
    ///   - owners: Whom it was asked about.
    ///   - sent: Just before it was asked.
    ///   - now: The present.
    /// - Returns: What has to be done.
    mutating func beatAnswered(
        _ answer: BeatAnswer,
        owners: [OwnerID],
        sent: LeaseClock.Instant,
        at now: LeaseClock.Instant
    ) -> [Effect] {
        lastBeat = sent
        isForeign = answer.isForeign
        expiry = answer.remaining.map { now.advanced(by: $0) }
        if answer.shortestTTL > .zero { shortestTTL = min(shortestTTL ?? answer.shortestTTL, answer.shortestTTL) }
        var effects: [Effect] = []
        for (owner, answer) in zip(owners, answer.places) {
            // Who has asked once more since then is not the one that this is about: a grant may be over.
            guard var place = places[owner], place.confirmed <= sent else { continue }
            switch answer {
            case .queued(let ahead):
                place.ahead = ahead
                note(owner, ahead: ahead)
                place.contention.ahead = ahead
                place.confirmed = sent
                places[owner] = place
            case .granted(let token):
                _ = remove(owner)
                effects.append(.granted(place, token))
            case .unknown:
                effects.append(.askAgain(place))
            }
        }
        return effects
    }

    /// When the server has to hear of the waiters.
    var nextBeat: LeaseClock.Instant? {
        guard let lastBeat, !isEmpty else { return nil }
        let regular = lastBeat.advanced(by: interval)
        guard hasHead, let expiry else { return regular }
        // The first in the queue takes care that a lease that has run out is noticed.
        return min(regular, max(expiry.advanced(by: Self.margin), lastBeat.advanced(by: Self.margin)))
    }

    private var interval: Duration {
        max(Self.shortestInterval, (shortestTTL ?? .zero) / 3) * (1 - earliness)
    }

    private mutating func note(_ owner: OwnerID, ahead: Int) {
        if ahead == 0 { head = owner } else if head == owner { head = nil }
    }
}

/// How a wait ended.
enum WaitOutcome: Sendable {
    /// With the lock.
    case granted(FencingToken, confirmed: LeaseClock.Instant)
    /// The claim was given back meanwhile.
    case withdrawn
    /// The caller's patience is at its end.
    case outOfTime
    /// The store was closed.
    case closed
}
