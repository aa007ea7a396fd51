import DistributedLocks
import DistributedLocksTesting

@testable import ZooKeeperLocks

/// What a simulation is about.
struct World: CustomStringConvertible {
    let ensemble: FakeOptions
    let configuration: ZooKeeperConfiguration
    let processes: Int
    /// How long a message is under way; the longest of those that are not held up.
    let latency: Duration
    /// By how many millionths clocks may be wrong.
    let clockError: Int64
    /// How long things go wrong.
    let storm: Duration
    /// What goes wrong.
    let troubles: Set<Chaos.Trouble>
    let names = ["a", "b"]

    /// Draws one.
    init(from random: inout SeededGenerator) {
        var ensemble = FakeOptions(servers: Bool.random(using: &random) ? 3 : 1)
        ensemble.tick = Self.one(of: [.milliseconds(250), .milliseconds(500), .seconds(1)], &random)
        ensemble.syncLimit = Int.random(in: 2...5, using: &random)
        self.ensemble = ensemble
        let addresses = (0..<ensemble.servers).map { ZooKeeperAddress(host: "s\($0)") }
        var configuration = ZooKeeperConfiguration(addresses: addresses)
        configuration.chroot = "/top/locks"
        configuration.naming = Self.one(of: [.curator, .curator, .curator, .kazoo, .both, .both], &random)
        let ticks = Self.one(of: [2, 2, 3, 4, 8], &random)
        configuration.sessionTimeout = max(.seconds(1), ensemble.tick * ticks)
        configuration.requestTimeout = Self.one(of: [.seconds(1), .seconds(5)], &random)
        self.configuration = configuration
        processes = Int.random(in: 2...4, using: &random)
        latency = Self.one(of: [.microseconds(400), .milliseconds(5), configuration.sessionTimeout / 30], &random)
        clockError = Self.one(of: [0, 5_000, 10_000], &random)
        storm = configuration.sessionTimeout * Int.random(in: 1...4, using: &random)
        troubles = Chaos.Trouble.some(&random)
    }

    private static func one<Element>(of elements: [Element], _ random: inout SeededGenerator) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    /// After how long at the latest everybody has what they wait for, once all is well.
    var patience: Duration { timeout * 40 + .seconds(60) }

    /// The session timeout.
    var timeout: Duration { configuration.sessionTimeout }

    /// For people.
    var description: String {
        """
        \(ensemble.servers) servers, tick \(ensemble.tick), session timeout \(timeout), requests \
        \(configuration.requestTimeout), naming \(configuration.naming), \(processes) processes, latency \(latency), clocks \
        ±\(clockError) ppm, storm \(storm), troubles: \(troubles.map(\.rawValue).sorted().joined(separator: " "))
        """
    }
}
