import TestSupport
import Testing
import ZooKeeperLocks

/// Other people's clients, and how ours have to call their nodes so that they exclude those, and the other way round.
struct Pairing: Sendable, CustomTestStringConvertible {
    let clients: [PeerProcess.Client]
    let naming: ZooKeeperNaming

    init(_ clients: PeerProcess.Client..., naming: ZooKeeperNaming) {
        self.clients = clients
        self.naming = naming
    }

    /// All that are documented to work, with one client at a time.
    static let pairs = [
        Pairing(.kazooAwareOfCurator, naming: .curator), Pairing(.kazoo, naming: .kazoo),
        Pairing(.kazoo, naming: .both),
        Pairing(.curator, naming: .curator), Pairing(.curator, naming: .both),
    ]

    /// Ours are between two kinds that do not exclude each other.
    static let all = pairs + [Pairing(.kazooAwareOfCurator, .curator, naming: .curator)]

    var testDescription: String { "\(clients.map(\.rawValue).joined(separator: " and ")) with naming=\(naming)" }
}
