import NIOCore

@testable import DistributedLocks
@testable import ZooKeeperLocks

/// Somebody who wants a lock, has it for a while, and gives it back.
final class SimulatedUser: CustomStringConvertible {
    enum Stage {
        case acquiring
        case held
        case returning
        case done
    }

    let number: Int
    let process: SimulatedProcess
    let name: String
    private let patience: Duration?
    private let wanted: Duration
    private(set) var stage = Stage.acquiring
    /// The transaction that made its node, and the session of that, once it is held.
    private(set) var token: Int64 = 0
    private(set) var session: Int64 = 0
    /// How its nodes are called, up to their numbers.
    private(set) var prefixes: [String] = []
    private var lease: Lease?
    private var task: Task<Void, Never>?
    private var stay: Task<Void, Never>?
    /// Whether it does not do anything any more.
    private(set) var hasEnded = false

    /// Makes one that has not begun; see ``SimulatedProcess/want(_:patience:for:)``.
    init(_ process: SimulatedProcess, number: Int, name: String, patience: Duration?, wanted: Duration) {
        self.process = process
        self.number = number
        self.name = name
        self.patience = patience
        self.wanted = wanted
    }

    /// Whether it relies on the lock.
    var isLive: Bool {
        guard stage == .held, !process.isDead, let lease else { return false }
        if case .lost = lease.record.state(at: process.now) { return process.simulation.flaw == .carriesOn }
        return true
    }

    /// Why the lock was lost.
    var loss: LossReason? {
        guard let lease, case .lost(let reason) = lease.record.state(at: process.now) else { return nil }
        return reason
    }

    /// Wants the lock from now on.
    func begin() {
        note("begins, patience \(patience.map { "\($0)" } ?? "for ever"), wanted for \(wanted)")
        let me = NIOLoopBound(self, eventLoop: process.eventLoop)
        task = Task(executorPreference: process.threads) { await me.value.run() }
    }

    /// Does not want it any more.
    func cancel() {
        note("is cancelled")
        task?.cancel()
    }

    /// Is about to be done with it, if it has it.
    func endSoon() {
        guard stage == .held else { return }
        let simulation = process.simulation
        guard simulation.flaw != .keepsForEver else { return }
        process.schedule(simulation.time(.zero...simulation.world.timeout / 4)) { [self] in stay?.cancel() }
    }

    private func run() async {
        do {
            if let lease = try await acquire() { await hold(lease) } else { note("cannot have it") }
        } catch {
            note("fails: \(error)")
        }
        stage = .done
        lease = nil
        hasEnded = true
    }

    private func acquire() async throws -> Lease? {
        let lock = try process.service.lock(name)
        return patience == .zero ? try await lock.tryAcquire() : try await lock.acquire(timeout: patience)
    }

    private func hold(_ lease: Lease) async {
        let simulation = process.simulation
        self.lease = lease
        token = Int64(bitPattern: lease.fencingToken.rawValue)
        stage = .held
        note("is granted, token \(token.hex)")
        // It may have been lost already.
        if let ownership = process.store.holdings.ownership(token: token) {
            session = ownership.sessionID
            prefixes = NodeNames(lease.record.claim.owner, naming: simulation.world.configuration.naming).prefixes
            if isLive { simulation.judge.granted(self, ownership) }
        }
        if simulation.flaw == .keepsForEver, simulation.chance(10) { await wait(.seconds(1_000_000)) }
        await wait(simulation.isCalm ? min(wanted, simulation.world.timeout / 20) : wanted)
        if let loss, simulation.world.troubles.isEmpty { simulation.violate("\(self) is lost in peace: \(loss)") }
        note("is released")
        stage = .returning
        let outcome = await lease.release()
        note("is given back: \(outcome)")
        if outcome == .released, !process.isDead { simulation.judge.ended(self) }
    }

    private func wait(_ time: Duration) async {
        let clock = process.service.clock
        let stay = Task(executorPreference: process.threads) { (try? await clock.sleep(for: time)) ?? () }
        self.stay = stay
        await withTaskCancellationHandler {
            await stay.value
        } onCancel: {
            stay.cancel()
        }
    }

    /// For people.
    var description: String { "claim \(number) of c\(process.number) on \(name)" }

    private func note(_ text: @autoclosure () -> String) { process.simulation.note("\(self): \(text())") }
}
