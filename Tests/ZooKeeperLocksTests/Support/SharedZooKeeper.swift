import Foundation

/// Servers for all tests of a run that do not disturb them, each test in a folder of its own (``freshPath()``).
enum SharedZooKeeper {
    private static let single = Once<TestZooKeeperServer>()
    private static let triple = Once<TestEnsemble>()

    /// One server.
    static func server() async throws -> TestZooKeeperServer {
        try await single.value {
            let server = try await TestZooKeeperServer.started(TestZooKeeperServer.Options())
            Leftovers.end(atExit: [server])
            return server
        }
    }

    /// Three servers.
    static func ensemble() async throws -> TestEnsemble {
        try await triple.value {
            let ensemble = try await TestEnsemble.started()
            Leftovers.end(atExit: ensemble.servers)
            return ensemble
        }
    }

    /// A path that no other test uses. There is no such node yet.
    static func freshPath() -> String { "/test-\(UUID().uuidString.lowercased())" }
}
