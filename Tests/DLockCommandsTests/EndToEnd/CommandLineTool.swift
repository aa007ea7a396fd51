import Foundation
import Testing

/// The built `dlock`, run as users run it: another process, its own store folder.
final class CommandLineTool: Sendable {
    /// The folder of the store, removed with the tool; or the URL of another store.
    let store: String

    init() throws {
        store = FileManager.default.temporaryDirectory.appendingPathComponent("dlock-e2e-\(UUID().uuidString)").path
    }

    /// Uses a server.
    init(_ server: RedisServer) {
        store = server.url
    }

    deinit {
        if store.hasPrefix("/") { try? FileManager.default.removeItem(atPath: store) }
    }

    /// A command that ends when it is sent a line.
    static let untilTold = ["sh", "-c", "read line"]

    /// Starts a command that holds `name` until it is sent a line.
    func hold(_ name: String, _ options: String...) throws -> RunningProcess {
        try start(["run"] + options + [name, "--"] + Self.untilTold, environment: [:])
    }

    /// The path of the executable, beside the test bundle.
    static var path: String {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? .main
        let folder =
            bundle.bundlePath.hasSuffix(".xctest") ? bundle.bundleURL.deletingLastPathComponent() : bundle.bundleURL
        return folder.appendingPathComponent("dlock").path
    }

    /// Runs to the end.
    @discardableResult
    func run(_ arguments: String..., input: String? = nil, environment: [String: String] = [:]) async throws -> Finished
    {
        let process = try start(arguments, environment: environment)
        if let input { process.send(input) }
        return try await process.finished()
    }

    /// As ``run(_:input:environment:)``.
    func run(_ arguments: [String]) async throws -> Finished {
        try await start(arguments, environment: [:]).finished()
    }

    /// Starts, and leaves it running.
    func start(_ arguments: String...) throws -> RunningProcess {
        try start(arguments, environment: [:])
    }

    /// As ``start(_:)``.
    func start(_ arguments: [String]) throws -> RunningProcess {
        try start(arguments, environment: [:])
    }

    /// Runs a script of the shell to its end; `dlock` is the command in it, with this store.
    ///
    /// - Parameters:
    ///   - script: The script.
    ///   - environment: More variables.
    /// - Returns: How the shell ended.
    /// - Throws: If it does not end.
    func shell(_ script: String, environment: [String: String] = [:]) async throws -> Finished {
        try await startShell(script, environment: environment).finished()
    }

    /// As ``shell(_:environment:)``, but leaves it running.
    func startShell(_ script: String, environment: [String: String] = [:]) throws -> RunningProcess {
        var all = ProcessInfo.processInfo.environment
        let folder = URL(fileURLWithPath: Self.path).deletingLastPathComponent().path
        all["PATH"] = "\(folder):/usr/local/sbin:/usr/sbin:/sbin:\(all["PATH"] ?? "/usr/bin:/bin")"
        all["DLOCK_STORE"] = store
        all.merge(environment) { $1 }
        return try RunningProcess(["/bin/sh", "-c", script], environment: all)
    }

    /// As ``start(_:)``, with more variables.
    func start(_ arguments: [String], environment: [String: String]) throws -> RunningProcess {
        var all = ProcessInfo.processInfo.environment
        all["DLOCK_STORE"] = store
        all.merge(environment) { $1 }
        return try RunningProcess([Self.path] + arguments, environment: all)
    }

    /// Waits until so many hold, or wait for, a name.
    func waitUntil(_ name: String, holders: Int? = nil, waiters: Int? = nil) async throws {
        for _ in 0..<400 {
            let status = try await status(name)
            if holders ?? status.holders.count == status.holders.count,
                waiters ?? status.waiters.count == status.waiters.count
            {
                return
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(
            "\(name) never had \(holders.map(String.init) ?? "any") holders and \(waiters.map(String.init) ?? "any") waiters"
        )
    }

    /// What `dlock status --json` says.
    func status(_ name: String) async throws -> Status {
        let finished = try await run("status", "--json", name)
        return try JSONDecoder().decode(Status.self, from: Data(finished.output.utf8))
    }

    struct Status: Decodable {
        struct Participant: Decodable {
            var host: String?
            var pid: Int32?
            var label: String?
            var mode: String
            var permits: Int?
            var owner: String?
            var token: UInt64?
        }

        var name: String
        var held: Bool
        var holders: [Participant]
        var waiters: [Participant]
    }
}

/// How a process ended.
struct Finished: Sendable {
    /// The exit code; 128 + n if signal n ended it.
    var exitCode: Int32
    /// Whether a signal ended it.
    var diedOfSignal: Bool
    var output: String
    var errors: String
}
