import Foundation
import Glibc
import Synchronization
import TestSupport

/// Servers for all tests of a run that do not disturb them, each in a folder of its own (``freshPath()``).
enum SharedZooKeeper {
    /// Starts something when it is asked for first, once.
    private actor Starting<Value: Sendable> {
        private var task: Task<Value, any Error>?

        func value(_ start: @escaping @Sendable () async throws -> Value) async throws -> Value {
            let task = self.task ?? Task { try await start() }
            self.task = task
            return try await task.value
        }
    }

    private static let single = Starting<TestZooKeeperServer>()

    /// One server.
    static func server() async throws -> TestZooKeeperServer {
        try await single.value {
            let server = try await TestZooKeeperServer.started(TestZooKeeperServer.Options())
            SharedZooKeeper.cleanUp([server])
            return server
        }
    }

    private static let triple = Starting<TestEnsemble>()

    /// Three servers.
    static func ensemble() async throws -> TestEnsemble {
        try await triple.value {
            let ensemble = try await TestEnsemble.started()
            SharedZooKeeper.cleanUp(ensemble.servers)
            return ensemble
        }
    }

    /// A path that no other test uses. There is no such node yet.
    static func freshPath() -> String { "/test-\(UUID().uuidString.lowercased())" }

    /// Leaves nothing behind when the process ends: globals are never released.
    private static func cleanUp(_ servers: [TestZooKeeperServer]) {
        remaining.withLock { $0 += servers }
        atexit { SharedZooKeeper.removeAll() }
    }

    private static func removeAll() {
        for server in remaining.withLock({ $0 }) {
            server.endNow()
            try? server.wipe()
            try? FileManager.default.removeItem(atPath: server.folder.path)
        }
    }

    private static let remaining = Mutex<[TestZooKeeperServer]>([])
}
