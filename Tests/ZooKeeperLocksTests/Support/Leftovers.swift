import Foundation
import Glibc
import Synchronization
import TestSupport

/// What is there for a whole run leaves nothing behind either: globals are never released.
enum Leftovers {
    private struct State {
        var isArmed = false
        var servers: [TestZooKeeperServer] = []
        var folders: [TemporaryFolder] = []
    }

    private static let state = Mutex(State())

    /// When the process ends, these servers do, and their folders are removed.
    static func end(atExit servers: [TestZooKeeperServer]) {
        arm()
        state.withLock { $0.servers += servers }
    }

    /// When the process ends, this folder is removed.
    static func remove(atExit folder: TemporaryFolder) {
        arm()
        state.withLock { $0.folders.append(folder) }
    }

    private static func arm() {
        let isFirst = state.withLock { state in
            defer { state.isArmed = true }
            return !state.isArmed
        }
        if isFirst { atexit { Leftovers.removeAll() } }
    }

    private static func removeAll() {
        let (servers, folders) = state.withLock { ($0.servers, $0.folders) }
        for server in servers {
            server.endNow()
            try? server.wipe()
        }
        for folder in servers.map(\.folder) + folders { try? FileManager.default.removeItem(atPath: folder.path) }
    }
}
