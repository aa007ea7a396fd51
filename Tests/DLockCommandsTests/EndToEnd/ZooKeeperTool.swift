import Foundation
import Testing

/// The built `dlock` with locks on a ZooKeeper server, in a folder of its own.
struct ZooKeeperTool: Sendable {
    /// The node that the locks are below.
    let folder: String
    /// The URL of the store.
    let store: String
    /// What else is in the environment.
    var environment: [String: String] = [:]

    /// Uses a server.
    ///
    /// - Parameters:
    ///   - server: The server.
    ///   - folder: Where the locks are; nowhere where others are, if `nil`.
    ///   - user: What comes before the address: `name@`.
    ///   - session: The session timeout. If it is long, a machine that is busy with something else does no harm.
    ///   - options: What comes at the end of the URL.
    init(
        _ server: ZooKeeperServer,
        folder: String? = nil,
        user: String = "",
        session: String = "20s",
        _ options: String...
    ) {
        self.folder = folder ?? "/locks-\(UUID().uuidString.lowercased())"
        let query = (["session-timeout=\(session)"] + options).joined(separator: "&")
        store = "zookeeper://\(user)\(server.address)\(self.folder)?\(query)"
    }

    /// Starts, and leaves it running.
    func start(_ arguments: String...) throws -> RunningProcess { try start(arguments) }

    private func start(_ arguments: [String]) throws -> RunningProcess {
        var all = ProcessInfo.processInfo.environment
        all["DLOCK_STORE"] = store
        all.merge(environment) { $1 }
        return try RunningProcess([CommandLineTool.path] + arguments, environment: all)
    }

    /// Starts a command that writes its token, and holds `name` until it is sent a line.
    func hold(_ name: String) throws -> RunningProcess {
        try start(["run", name, "--", "sh", "-c", "echo $DLOCK_TOKEN; read line"])
    }

    /// Runs to the end.
    @discardableResult
    func run(_ arguments: String...) async throws -> Finished { try await run(arguments) }

    /// As ``run(_:)``.
    func run(_ arguments: [String]) async throws -> Finished { try await start(arguments).finished() }

    /// What `dlock status --json` says.
    func status(_ name: String) async throws -> CommandLineTool.Status {
        let finished = try await run("status", "--json", name)
        try #require(finished.exitCode == 0, "\(finished.errors)")
        return try JSONDecoder().decode(CommandLineTool.Status.self, from: Data(finished.output.utf8))
    }

    /// Waits until so many hold, and wait for, a name.
    func waitUntil(_ name: String, holders: Int, waiters: Int) async throws {
        for _ in 0..<400 {
            let status = try await status(name)
            if status.holders.count == holders, status.waiters.count == waiters { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ZooKeeperServer.Failure(description: "\(name) never had \(holders) holders and \(waiters) waiters")
    }
}
