import Foundation
import TestSupport

/// Other people's clients of ZooKeeper: see `Tests/ZooKeeperLocksTests/Peers`.
extension PeerProcess {
    /// The clients.
    enum Client: String, CaseIterable, Sendable {
        /// `kazoo.recipe.lock.Lock` as it is.
        case kazoo
        /// The same, told to wait for Curator's nodes, too.
        case kazooAwareOfCurator
        /// `InterProcessMutex`.
        case curator

        /// What it calls itself in a ``ContestLog``.
        var name: String { self == .curator ? "curator" : "kazoo" }

        /// The words that start it.
        ///
        /// - Parameter mode: What it is to do.
        /// - Returns: The words, without what comes after the options.
        /// - Throws: If the program is missing.
        fileprivate func command(_ mode: String) async throws -> [String] {
            switch self {
            case .kazoo: try python("kazoolock.py") + [mode]
            case .kazooAwareOfCurator: try python("kazoolock.py") + [mode, "--pattern=-lock-"]
            case .curator: try await CuratorProgram.command() + [mode]
            }
        }
    }

    /// Where the programs are.
    static let folder = "\(PackageRoot.path)/Tests/ZooKeeperLocksTests/Peers"

    /// The words that start one of the programs in Python.
    ///
    /// - Parameter program: The name of the file.
    /// - Returns: The words.
    /// - Throws: If there is no Python with kazoo.
    static func python(_ program: String) throws -> [String] {
        let path = "\(PackageRoot.path)/.venv/bin/python3"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw JavaProgram.Missing(description: "\(path) is missing: run scripts/test once")
        }
        return [path, "-B", "\(folder)/\(program)"]
    }

    /// Starts one that takes a lock and gives it back, again and again. It begins with ``begin(_:)``.
    ///
    /// - Parameters:
    ///   - client: Which client.
    ///   - addresses: The servers, or a ``ZooKeeperProxy``.
    ///   - path: The folder of the lock.
    ///   - seconds: For how long, from when it begins.
    ///   - log: Where it writes what it holds.
    ///   - isBroken: Whether it only pretends to take the lock.
    /// - Returns: The process.
    /// - Throws: If the program is missing.
    static func contend(
        _ client: Client,
        _ addresses: String,
        path: String,
        seconds: Double,
        log: ContestLog,
        isBroken: Bool = false
    ) async throws -> PeerProcess {
        let options = isBroken ? ["--broken"] : []
        return try PeerProcess(
            try await client.command("contend") + options + [addresses, path, "\(seconds)", log.path]
        )
    }

    /// Starts one that takes a lock and keeps it: it writes `held` and the token, waits for ``send(_:)``, gives the lock
    /// back, and writes `released` with the time.
    ///
    /// - Parameters:
    ///   - client: Which client.
    ///   - addresses: The servers, or a ``ZooKeeperProxy``.
    ///   - path: The folder of the lock.
    ///   - session: How many seconds its session lives without it.
    /// - Returns: The process.
    /// - Throws: If the program is missing.
    static func hold(_ client: Client, _ addresses: String, path: String, session: Double = 10) async throws
        -> PeerProcess
    {
        try PeerProcess(try await client.command("hold") + ["--session", "\(session)", addresses, path])
    }

    /// Starts one that waits for a lock, 30 seconds at most: it writes `acquired` with the time, and gives the lock back.
    static func wait(_ client: Client, _ addresses: String, path: String) async throws -> PeerProcess {
        try PeerProcess(try await client.command("wait") + [addresses, path])
    }
}
