import DistributedLocks

/// How one claim comes to hold a lock, as a value without I/O: an event goes in, the next step comes out.
///
/// ```
///   creating ──▶ (making the nodes above) ──▶ creating
///      │  └─ no answer ──▶ searching ── found ──▶ adopting ─┐
///      ▼                       └─ nothing there ──▶ creating │
///   placing ◀───────────────────────────────────────────────┘
///      │ somebody is before us                   nobody is
///      ▼                                            ▼
///   watching ──▶ waiting ── woken ──▶ listing ──▶ placing ──▶ holding
///      └─ no patience, or out of time ──▶ leaving ──▶ left
/// ```
///
/// - *creating*: the nodes are made, and the contenders listed in the same flush: the server answers in order, so an
///   uncontended lock costs one round trip.
/// - *searching*: the answer to that was lost. The nodes may be there, or not. A transaction of no effect goes through the
///   leader, and what comes after it sees whatever the lost request has done; the owner's number is in the names.
/// - *adopting*: nodes were found; they are ours if they go with our session.
/// - *ordering*: the numbers do not tell who came first; the transactions that made the nodes do.
/// - *watching*: the watch on the node before ours is set. Only one: a release wakes nobody else.
/// - *listing*: that node is gone, which may mean that the lock is free or that a waiter has left.
/// - *confirming*: nobody is before us; a transaction proves that the session lives.
///
/// Whatever was known is void once an answer comes from another session: its nodes are gone with the old one, or will be before
/// anybody else is told; the claim begins anew, at the end of the queue.
struct Contender: Sendable {
    /// What to do next.
    enum Step: Sendable {
        /// Send these, one right after the other, and report with ``answered(_:)``. The watch, if one of them sets one, is to be
        /// reported with ``woken()``.
        case send([Operation])
        /// Make the chroot, and report with ``rootMade()``.
        case makeRoot
        /// Certainly queued; go on with ``wait()``.
        case queued(Contention)
        /// Wait for the watch, or until time is up: ``woken()`` or ``outOfTime()``.
        case wait
        /// Nobody is before us. If the session is not proved to live for long enough, ask for more with ``confirm()``.
        case holding(Ownership)
        /// The nodes are deleted again.
        case left(Contention)
        /// This cannot work. Nodes may have been made.
        case failed(ContenderFailure)
    }

    /// Why a claim cannot come to hold a lock.
    enum ContenderFailure: Error, Hashable, Sendable {
        /// The server refuses.
        case server(ServerError)
        /// A request did not get through, and repeating it does not help or would take too long.
        case request(RequestFailure)
        /// A server has said something that makes no sense.
        case nonsense(String)
    }

    enum Phase: Sendable {
        case creating
        case makingAncestors
        case searching
        case adopting([String])
        case listing
        case ordering([String])
        case watching(Queue)
        case waiting(Queue)
        case confirming
        case leaving(Queue?)
        case describing
    }

    let plan: ClaimPlan
    /// Whether it goes away at once if somebody is before it.
    let isImpatient: Bool
    /// Whether anybody wants to know who holds the lock when the claim is queued: that is one request more.
    let describesHolder: Bool
    var phase = Phase.creating
    /// The nodes that are certainly ours, while they are.
    var own: Ownership?
    /// Whether the last attempt to make nodes was turned down, so that there are none.
    var isTurnedDown = false
    var contention = Contention()
    var hasQueued = false
    var directoryMode: CreateMode
    /// How often in a row something vanished under our hands; nobody does that for ever.
    var vanished = 0

    private static let patience = 100

    /// Makes a claim that has not begun.
    init(_ plan: ClaimPlan, isImpatient: Bool, describesHolder: Bool) {
        self.plan = plan
        self.isImpatient = isImpatient
        self.describesHolder = describesHolder
        directoryMode = plan.directoryMode
    }

    /// Begins, also again.
    mutating func begin() -> Step {
        own = nil
        isTurnedDown = false
        phase = .creating
        return .send([plan.creation, listing])
    }

    /// The watch has fired, or the session is over.
    mutating func woken() -> Step {
        phase = .listing
        return .send([listing])
    }

    /// The caller's patience is over.
    mutating func outOfTime() -> Step { leave() }

    /// The chroot is there.
    mutating func rootMade() -> Step { makeAncestors() }

    /// Whoever wanted to know has been told that the claim is queued.
    mutating func wait() -> Step { .wait }

    /// The session has to be proved to live.
    mutating func confirm() -> Step {
        guard let own else { return begin() }
        phase = .confirming
        return .send([.multi(own.paths.map { .check(path: $0) })])
    }

    /// The requests of the last step have come to their ends.
    mutating func answered(_ outcomes: [Exchange.Outcome]) -> Step {
        switch phase {
        case .creating: created(outcomes)
        case .makingAncestors: ancestorsMade(outcomes)
        case .searching: searched(outcomes)
        case .adopting(let nodes): adopted(nodes, outcomes)
        case .listing: listed(outcomes.first)
        case .ordering(let nodes): ordered(nodes, outcomes)
        case .watching(let queue): watched(queue, outcomes)
        case .confirming: confirmed(outcomes.first)
        case .leaving(let queue): leaving(queue, outcomes)
        case .describing: described(outcomes.first)
        case .waiting: .wait
        }
    }

    /// Whether ``Step/holding(_:)`` is the outcome of ``confirm()``.
    var isConfirmed: Bool { if case .confirming = phase { true } else { false } }

    var listing: Operation { .getChildren(path: plan.directory) }

    mutating func search() -> Step {
        own = nil
        phase = .searching
        return .send([.multi([.check(path: plan.directory)]), listing])
    }

    /// Something that was there a moment ago is not any more; begins anew.
    mutating func again() -> Step {
        vanished += 1
        guard vanished < Self.patience else {
            return .failed(.nonsense("what belongs to the lock vanishes again and again"))
        }
        // Of two nodes one may be left, which would be before the new ones for as long as the session lives.
        return own.map { $0.paths.count > 1 } ?? false ? search() : begin()
    }

    mutating func makeAncestors() -> Step {
        vanished += 1
        guard vanished < Self.patience else {
            return .failed(.nonsense("the node of the lock vanishes again and again"))
        }
        phase = .makingAncestors
        return .send(plan.makingAncestors(directoryMode) + [plan.creation, listing])
    }
}
