import DistributedLocks

@testable import ZooKeeperLocks

/// A client of another kind, right beside a server, which contends for a lock and does not care about anybody.
final class Foreigner {
    private unowned let simulation: Simulation
    private let client: FakeClient
    private let path: String
    private var isGone = false

    /// Makes one that contends at once.
    init(_ simulation: Simulation, name: String) {
        self.simulation = simulation
        client = FakeClient(simulation.zooKeeper)
        client.now = .nanoseconds(simulation.now)
        let number = String(UInt64.random(in: 0 ... .max, using: &simulation.random), radix: 16)
        let digits = String(repeating: "0", count: 32 - number.utf8.count) + number
        let node = [
            "_c_\(digits)-lock-", "\(digits)__lock__", "x-\(digits)-", "lock-", "\(digits)__READ__", "stray-\(digits)-",
        ]
        path = "/top/locks/\(name)/\(simulation.choice(node) ?? "lock-")"
    }

    /// What the servers call its connection.
    var connection: Int { client.connection }

    /// Connects, makes its node, and keeps its session alive until it leaves.
    func contend(for duration: Duration, on server: Int) {
        simulation.note("a foreigner comes to s\(server) with \(path)")
        client.connect(to: server, timeout: Int32(simulation.world.timeout.nanoseconds / 1_000_000))
        simulation.after(.milliseconds(10)) { [weak self] in self?.make() }
        simulation.after(duration) { [weak self] in self?.leave() }
        keepAlive()
    }

    private func make() {
        guard !isGone, client.session != 0 else { return }
        client.now = .nanoseconds(simulation.now)
        client.request(.create(path: path, mode: .ephemeralSequential))
    }

    private func keepAlive() {
        simulation.after(simulation.world.timeout / 3) { [weak self] in
            guard let self, !isGone else { return }
            client.now = .nanoseconds(simulation.now)
            client.control(.ping)
            keepAlive()
        }
    }

    /// Goes away: with its session, or as those do who crash.
    func leave() {
        guard !isGone else { return }
        isGone = true
        client.now = .nanoseconds(simulation.now)
        if simulation.chance(70) { client.request(.closeSession) } else { client.hangUp() }
    }

    /// Something has come for it.
    func take(_ output: FakeOutput) {
        client.take(output)
        _ = client.takeLines()
    }
}
