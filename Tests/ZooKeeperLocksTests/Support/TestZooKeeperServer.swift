import Foundation
import Glibc
import Synchronization
import TestSupport

/// A real server on a loopback port, in a temporary folder of its own. It dies with the test process.
///
/// ```swift
/// try await TestZooKeeperServer.with { server in
///     let inspector = try server.inspector()
///     try await inspector.create("/x")
/// }
/// ```
///
/// A test that does not disturb the server takes the one of ``SharedZooKeeper`` instead, which is quicker.
final class TestZooKeeperServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct State {
        var child: ChildProgram?
        /// Ends with the server's data.
        var inspector: ZooKeeperInspector?
    }

    let options: Options
    /// The port without TLS, which every server has.
    let port: Int
    /// The port with TLS, if ``Options/tls`` is set.
    let tlsPort: Int?
    /// Its part in a ``TestEnsemble``.
    let place: Place?
    let folder: TemporaryFolder
    private let state = Mutex(State())

    /// Does not start it.
    init(_ options: Options = Options(), place: Place? = nil) throws {
        self.options = options
        self.place = place
        port = try Descriptors.freePort()
        tlsPort = options.tls == nil ? nil : try Descriptors.freePort()
        folder = try TemporaryFolder()
        try makeDataFolder()
        if let tls = options.tls?.certificates.server {
            let parts = [tls.key, tls.certificate].map { String(decoding: Descriptors.contents($0), as: UTF8.self) }
            try folder.write(parts.joined(), to: "server.pem")
        }
        let lines = configuration.sorted { $0.key < $1.key }.map { "\($0)=\($1)\n" }
        try folder.write(lines.joined(), to: "zoo.cfg")
    }

    /// Runs a server as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - options: How to start it.
    ///   - body: Gets the server, which is ready.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if there is no such server, or if it does not start.
    static func with<Value>(
        _ options: Options = Options(),
        _ body: (TestZooKeeperServer) async throws -> Value
    ) async throws -> Value {
        let server = try await started(options)
        do {
            let value = try await body(server)
            try await server.kill()
            return value
        } catch {
            try await server.kill()
            throw error
        }
    }

    /// Starts one; if another program was quicker to take the port, on another port.
    static func started(_ options: Options) async throws -> TestZooKeeperServer {
        for _ in 0..<5 {
            let server = try TestZooKeeperServer(options)
            do {
                try await server.start()
                return server
            } catch {
                guard server.log.contains("Address already in use") else { throw error }
            }
        }
        throw Failure(description: "five ports in a row were taken by others")
    }

    /// What clients are told: host and port.
    var address: String { "127.0.0.1:\(port)" }

    /// What the server has written so far.
    var log: String { folder.text("log") }

    /// The number of its process; `nil` if it does not run.
    var pid: Int32? { state.withLock { $0.child?.pid } }

    // MARK: Life

    /// Starts it, if it does not run, and waits until it serves clients.
    func start() async throws {
        try await blocking { [self] in
            try launch()
            try waitUntilItServes()
        }
    }

    /// Starts it, and does not wait.
    func launch() throws {
        let output = try Descriptors.appending(to: folder.file("log"))
        defer { close(output) }
        let command = try command
        try state.withLock { state in
            guard state.child == nil else { return }
            state.child = try ChildProgram(command, output: output, errors: output)
        }
    }

    /// Waits until it serves clients. Blocks for that long.
    ///
    /// - Throws: ``Failure``, with its log, if it ends instead, or takes longer than half a minute.
    func waitUntilItServes() throws {
        let child = state.withLock { $0.child }
        for _ in 0..<6_000 where child?.isRunning == true {
            // What is asked too early is never answered.
            if (try? mode(patience: 1)) != nil, child?.isRunning == true { return }
            usleep(5_000)
        }
        let trouble = child?.isRunning == true ? "does not serve" : "has ended"
        endNow()
        throw Failure(description: "the server on port \(port) \(trouble). Its log:\n\(log)")
    }

    /// Kills it (`SIGKILL`). What it has confirmed is kept.
    func kill() async throws {
        try await blocking { [self] in endNow() }
    }

    /// As ``kill()``. Blocks until it is gone.
    func endNow() {
        let child = state.withLock { state in
            defer { state.child = nil }
            return state.child
        }
        child?.end(.now)
    }

    /// Kills it, if it runs, and starts it again on the same port.
    ///
    /// - Parameter keepingData: Whether it finds what it had written.
    /// - Throws: If it does not start.
    func restart(keepingData: Bool = true) async throws {
        try await kill()
        if !keepingData { try wipe() }
        try await start()
    }

    /// Removes all that it has written. Only while it does not run.
    func wipe() throws {
        state.withLock { $0.inspector = nil }
        try makeDataFolder()
    }

    /// Freezes it: it keeps its connections, and takes new ones, but does nothing.
    func pause() async throws {
        let child = state.withLock { $0.child }
        try await blocking { child?.pause() }
    }

    /// Lets it go on after ``pause()``.
    func resume() {
        state.withLock { $0.child?.signal(SIGCONT) }
    }

    /// Makes an empty folder for the data, in the place of the one that is there.
    private func makeDataFolder() throws {
        try? FileManager.default.removeItem(atPath: folder.file("data"))
        try FileManager.default.createDirectory(atPath: folder.file("data"), withIntermediateDirectories: false)
        if let place { try folder.write("\(place.number)\n", to: "data/myid") }
    }

    /// Who looks at the nodes, and changes them, independently of our own client. One for each server, made when it is
    /// asked for first.
    func inspector() throws -> ZooKeeperInspector {
        try state.withLock { state in
            if let inspector = state.inspector { return inspector }
            let inspector = try ZooKeeperInspector(address)
            state.inspector = inspector
            return inspector
        }
    }
}
