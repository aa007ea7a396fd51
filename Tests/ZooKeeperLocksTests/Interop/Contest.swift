import DistributedLocks
import TestSupport
import Testing
import ZooKeeperLocks

/// A contest for one lock between processes of other people's clients, two of each, and tasks of ours.
final class Contest: Sendable {
    let pairing: Pairing
    let seconds: Double
    let log: ContestLog
    private let folder = SharedZooKeeper.freshPath()

    /// What our tasks are called. Each has a session of its own, but for the last one, which shares that of the first.
    static let ours = ["dlock-0", "dlock-1", "dlock-2", "dlock-3"]

    init(_ pairing: Pairing, seconds: Double) throws {
        self.pairing = pairing
        self.seconds = seconds
        log = try ContestLog()
    }

    /// Lets all contend, until they are done.
    ///
    /// - Parameters:
    ///   - addresses: The servers.
    ///   - isFirstBroken: Whether one of the processes only pretends to take the lock.
    /// - Throws: What our locks throw: nothing of that is expected.
    func run(at addresses: String, isFirstBroken: Bool = false) async throws {
        try await OwnClients.with(Self.ours.count - 1, at: addresses, path: folder, naming: pairing.naming) {
            services in
            var peers: [PeerProcess] = []
            for client in pairing.clients + pairing.clients {
                let isBroken = isFirstBroken && peers.isEmpty
                let path = "\(folder)/x"
                peers.append(
                    try await .contend(client, addresses, path: path, seconds: seconds, log: log, isBroken: isBroken)
                )
            }
            try await PeerProcess.begin(peers)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, name) in Self.ours.enumerated() {
                    let service = services[number % services.count]
                    group.addTask { try await self.takePart(service, as: name) }
                }
                try await group.waitForAll()
            }
            for peer in peers { try await peer.finished() }
        }
    }

    /// Takes the lock and gives it back until the time is up.
    private func takePart(_ service: LockService, as name: String) async throws {
        let lock = try service.lock("x")
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            let invoked = PeerProcess.now
            try await lock.withLock(timeout: .seconds(30)) { lease in
                try await self.log.hold(as: name, token: lease.number, invoked: invoked)
            }
            try await Task.sleep(for: .milliseconds(Double.random(in: 0...5)))
        }
    }

    /// To be called when all is over: nobody has held what somebody else held, or overtaken anybody, and all had turns.
    func check() {
        var counts: [String: Int] = [:]
        for hold in log.holds {
            counts[Self.ours.contains(hold.name) ? hold.name : "\(hold.name) \(hold.pid)", default: 0] += 1
        }
        print("\(pairing.testDescription): \(log.handOvers) changes of hands;", counts.sorted { $0.key < $1.key })
        #expect((log.overlaps + log.disorder).filter(isAboutUs) == [])
        #expect(log.errors == [])
        #expect(log.holds.allSatisfy { $0.token != nil })
        #expect(counts.count == Self.ours.count + 2 * pairing.clients.count, "somebody has never had it: \(counts)")
        for (name, count) in counts { #expect(count >= 10, "\(name) has hardly ever had it: \(counts)") }
    }

    /// Whether a sign that something is wrong is about us. Clients of two kinds do not exclude each other, only us: kazoo can be
    /// told to wait for Curator's nodes, but Curator passes over kazoo's.
    private func isAboutUs(_ sign: String) -> Bool { pairing.clients.count == 1 || sign.contains("dlock-") }
}
