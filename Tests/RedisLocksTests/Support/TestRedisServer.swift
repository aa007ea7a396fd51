import Foundation
import Glibc
import Synchronization
import TestSupport

/// A real server on a loopback port, in a temporary folder of its own. It dies with the test process.
///
/// ```swift
/// try await TestRedisServer.with(.valkey9) { server in
///     _ = try await server.command(["SET", "x", "1"])
/// }
/// ```
final class TestRedisServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let kind: ServerKind
    let options: Options
    /// The port without TLS, which every server has.
    let port: Int
    /// The port with TLS, if ``Options/tls`` is set.
    let tlsPort: Int?
    let folder: TemporaryFolder
    private let child = Mutex<ChildProgram?>(nil)

    private init(_ kind: ServerKind, _ options: Options) throws {
        self.kind = kind
        self.options = options
        port = try Descriptors.freePort()
        tlsPort = options.tls == nil ? nil : try Descriptors.freePort()
        folder = try TemporaryFolder()
        try makeDataFolder()
        if !options.accessRules.isEmpty {
            try folder.write(options.accessRules.joined(separator: "\n") + "\n", to: "users.acl")
        }
    }

    /// Runs a server as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - kind: Which server.
    ///   - options: How to start it.
    ///   - body: Gets the server, which is ready.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if there is no such server, or if it does not start.
    static func with<Value>(
        _ kind: ServerKind = .redis7,
        _ options: Options = Options(),
        _ body: (TestRedisServer) async throws -> Value
    ) async throws -> Value {
        let server = try await blocking { try started(kind, options) }
        do {
            let value = try await body(server)
            try await server.stop()
            return value
        } catch {
            try await server.stop()
            throw error
        }
    }

    /// Starts one; if another program was quicker to take the port, on another port.
    private static func started(_ kind: ServerKind, _ options: Options) throws -> TestRedisServer {
        for _ in 0..<5 {
            let server = try TestRedisServer(kind, options)
            do {
                try server.launch()
                return server
            } catch {
                guard server.log.contains("Address already in use") else { throw error }
            }
        }
        throw Failure(description: "five ports in a row were taken by others")
    }

    /// What the server has written so far.
    var log: String { folder.text("log") }

    /// The path of its unix socket.
    var socketPath: String { folder.file("socket") }

    /// The number of its process; `nil` if it does not run.
    var pid: Int32? { child.withLock { $0?.pid } }

    // MARK: Life

    /// Starts it, and waits until it answers.
    private func launch() throws {
        let before = log.utf8.count
        let output = try Descriptors.appending(to: folder.file("log"))
        defer { close(output) }
        let program = try ChildProgram([try kind.executable] + arguments, output: output, errors: output)
        for _ in 0..<2_000 where program.isRunning {
            // The log, too: at a port that was taken, somebody else may answer.
            if log.utf8.dropFirst(before).contains("Ready to accept connections"), isReady {
                child.withLock { $0 = program }
                return
            }
            usleep(5_000)
        }
        let trouble = program.isRunning ? "does not answer" : "has ended with status \(program.exitStatus ?? 0)"
        program.end(.now)
        throw Failure(description: "\(kind) on port \(port) \(trouble). Its log:\n\(log)")
    }

    private var isReady: Bool {
        (try? connection().exchange(["PING"])) == .status("PONG")
    }

    /// Stops it as an administrator does, so that it can save its data.
    func stop() async throws {
        try await end(.asked)
    }

    /// Kills it (`SIGKILL`).
    func kill() async throws {
        try await end(.now)
    }

    private func end(_ manner: ChildProgram.Manner) async throws {
        let program = child.withLock { child in
            defer { child = nil }
            return child
        }
        try await blocking { program?.end(manner) }
    }

    /// Starts it again on the same port; stops it first, if it runs.
    ///
    /// - Parameter keepingData: Whether it finds what it had written. That needs ``Options/persistence``.
    /// - Throws: If it does not start.
    func restart(keepingData: Bool) async throws {
        guard !keepingData || options.persistence != .none else {
            throw Failure(description: "a server without persistence has no data to keep: see Options.persistence")
        }
        try await stop()
        try await blocking { [self] in
            if !keepingData { try makeDataFolder() }
            try launch()
        }
    }

    /// Freezes it: it keeps its connections, and takes new ones, but does nothing.
    func pause() async throws {
        let program = child.withLock { $0 }
        try await blocking { program?.pause() }
    }

    /// Lets it go on after ``pause()``.
    func resume() {
        child.withLock { $0?.signal(SIGCONT) }
    }

    /// Makes an empty folder for the data, in the place of the one that is there.
    private func makeDataFolder() throws {
        try? FileManager.default.removeItem(atPath: folder.file("data"))
        try FileManager.default.createDirectory(atPath: folder.file("data"), withIntermediateDirectories: false)
    }

    // MARK: A look inside

    /// Sends a command on a connection of its own, and waits for the reply, ten seconds at most.
    ///
    /// - Parameter words: The command.
    /// - Returns: The reply, which can be ``Reply/error(_:)``.
    /// - Throws: If there is no reply.
    @discardableResult
    func command(_ words: [String]) async throws -> Reply {
        try await blocking { [self] in try connection().exchange(words) }
    }

    /// A field of `INFO`; `nil` if it is not there.
    func info(_ field: String) async throws -> String? {
        let lines = try await command(["INFO", "everything"]).text?.split(whereSeparator: \.isNewline) ?? []
        return lines.first { $0.hasPrefix("\(field):") }.map { String($0.dropFirst(field.count + 1)) }
    }

    /// A connection of its own, with the rights of ``Options/user``.
    func connect() async throws -> RedisConnection {
        try await blocking { [self] in try connection() }
    }

    private func connection() throws -> RedisConnection {
        let connection = try RedisConnection(port: port)
        guard let password = options.password else { return connection }
        let reply = try connection.exchange(["AUTH"] + (options.user.map { [$0] } ?? []) + [password])
        guard reply == .status("OK") else { throw Failure(description: "AUTH: \(reply)") }
        return connection
    }
}

extension Substring.UTF8View {
    /// Whether a text is part of this one.
    fileprivate func contains(_ text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
