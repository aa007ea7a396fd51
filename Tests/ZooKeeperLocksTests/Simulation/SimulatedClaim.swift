@testable import DistributedLocks
@testable import ZooKeeperLocks

/// One attempt to hold a lock, from the wish to the moment when nothing of it is left: does what `ZooKeeperStore.acquire`,
/// `LockService`, `LeaseKeeper` and `ClaimReturn` do, and what their user does.
final class SimulatedClaim: CustomStringConvertible {
    enum Stage {
        case acquiring
        case held
        case returning
        case done
    }

    /// What has ended a wait.
    enum Wakening {
        case woken
        case outOfTime
        case closed
        case cancelled
    }

    let number: Int
    let client: SimulatedClient
    let name: String
    let owner: OwnerID
    let plan: ClaimPlan
    let patience: LockRequest.Patience
    /// How long the lock is wanted.
    let wanted: Duration
    var stage = Stage.acquiring
    var contender: Contender
    let errand = Errand()
    /// Until when the claim has to be queued, or be answered.
    let deadline: LeaseClock.Instant
    let end: LeaseClock.Instant?
    /// The watch of the last step, and what has come of it.
    var slot = 0
    var watched: (watcher: Int, path: String)?
    var wakening: Wakening?
    var isWaiting = false
    var timer: Ticket?
    /// Once it is held.
    var lease: LeaseMachine?
    var leaseTimer: Ticket?
    var token: Int64 = 0
    /// The session in which it is held.
    var session: Int64 = 0
    /// The loss that was reported before the lease had begun.
    var early: LossReason?
    var attempts = 0
    /// Why it was not granted.
    var failure: (any Error)?

    init(_ client: SimulatedClient, number: Int, name: String, patience: Duration?, wanted: Duration) {
        self.client = client
        self.number = number
        self.name = name
        self.wanted = wanted
        owner = OwnerID(from: client.randomSource)
        let directory = "/\(name)"
        plan = ClaimPlan(
            directory: directory,
            names: NodeNames(owner, naming: client.configuration.naming),
            data: NodeText.bytes(owner, Holder(label: "c\(client.number)")),
            access: [.open],
            directoryMode: client.configuration.naming == .curator ? .container : .persistent
        )
        contender = Contender(plan, isImpatient: patience == .zero, describesHolder: number % 2 == 0)
        let now = client.now
        let usual = now.advanced(by: client.configuration.requestTimeout)
        if let patience, patience > .zero {
            self.patience = .until(now.advanced(by: patience))
            end = now.advanced(by: patience + .seconds(1))
        } else {
            self.patience = patience == nil ? .unlimited : .none
            end = nil
        }
        deadline = end.map { min($0, usual) } ?? usual
    }

    var simulation: Simulation { client.simulation }
    var store: SimulatedStore { client.store }
    var now: LeaseClock.Instant { client.now }
    /// Decides among what happens at the same time.
    var rank: Int { 1 + number }

    /// For people.
    var description: String { "claim \(number) of c\(client.number) on \(name)" }

    func note(_ text: @autoclosure () -> String) { simulation.note("\(self): \(text())") }
}
