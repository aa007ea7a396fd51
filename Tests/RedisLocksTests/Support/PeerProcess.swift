import Foundation
import Glibc
import TestSupport

/// Another process that uses a lock through somebody else's client: see `Tests/RedisLocksTests/Peers`.
///
/// It ends with this object, and with the test process.
final class PeerProcess: Sendable {
    enum Program: String, CaseIterable, Sendable {
        /// The lock of redis-py.
        case redisPy = "redispy.py"
        /// redlock-ng, with one server.
        case redlockNG = "redlockng.py"
        /// python-redis-lock. The lock `x` is the key `lock:x`; see ``key(for:)``.
        case pythonRedisLock = "pythonredislock.py"
        /// `SET NX PX` and a script, in TypeScript.
        case classic = "classic.ts"

        /// What to tell the program, so that it uses a key.
        func name(for key: String) -> String {
            guard self == .pythonRedisLock, key.hasPrefix("lock:") else { return key }
            return String(key.dropFirst("lock:".count))
        }

        /// The key that the program uses for a name: the same one, except for ``pythonRedisLock``.
        func key(for name: String) -> String {
            self == .pythonRedisLock ? "lock:\(name)" : name
        }

        /// How the program is started.
        fileprivate var command: [String] {
            get throws {
                let script = "\(PackageRoot.path)/Tests/RedisLocksTests/Peers/\(rawValue)"
                switch self {
                case .classic:
                    let options = ["--no-config", "--no-remote", "--no-npm", "--no-check", "--quiet"]
                    let rights = ["--allow-net", "--allow-read", "--allow-write", "--allow-ffi"]
                    let deno = try Self.program("bin/deno", in: ".venv")
                    return ["env", "DENO_NO_UPDATE_CHECK=1", "NO_COLOR=1", deno, "run"] + options + rights + [script]
                case .redlockNG: return [try Self.program("bin/python3", in: ".venv-redlock"), "-B", script]
                case .redisPy, .pythonRedisLock: return [try Self.program("bin/python3", in: ".venv"), "-B", script]
                }
            }
        }

        private static func program(_ name: String, in folder: String) throws -> String {
            let path = "\(PackageRoot.path)/\(folder)/\(name)"
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw ServerKind.Missing(description: "\(path) is missing: run scripts/test once")
            }
            return path
        }
    }

    private let child: ChildProgram
    private let input: Int32
    private let folder: TemporaryFolder

    private init(_ program: Program, _ words: [String]) throws {
        folder = try TemporaryFolder()
        let output = try Descriptors.appending(to: folder.file("output"))
        let errors = try Descriptors.appending(to: folder.file("errors"))
        let ends = try Descriptors.pair()
        defer { for descriptor in [output, errors, ends.theirs] { close(descriptor) } }
        input = ends.ours
        do {
            child = try ChildProgram(program.command + words, input: ends.theirs, output: output, errors: errors)
        } catch {
            close(input)
            throw error
        }
    }

    deinit {
        close(input)
    }

    /// Starts one that takes a lock and gives it back, again and again. It begins with ``begin(_:)``.
    ///
    /// - Parameters:
    ///   - program: Which client.
    ///   - port: The port of the server, or of a ``FaultProxy``.
    ///   - key: The key of the lock.
    ///   - seconds: For how long, from when it begins.
    ///   - log: Where it writes what it holds.
    ///   - isBroken: Whether it only pretends to take the lock.
    /// - Returns: The process.
    /// - Throws: If the program is missing.
    static func contend(
        _ program: Program,
        port: Int,
        key: String,
        seconds: Double,
        log: ContestLog,
        isBroken: Bool = false
    ) throws -> PeerProcess {
        let target = ["127.0.0.1", "\(port)", program.name(for: key), "\(seconds)", log.path]
        return try PeerProcess(program, ["contend"] + (isBroken ? ["--broken"] : []) + target)
    }

    /// Lets all that ``contend(_:port:key:seconds:log:isBroken:)`` has started begin together, as soon as all are ready.
    static func begin(_ peers: [PeerProcess]) async throws {
        for peer in peers { try await peer.line("ready") }
        for peer in peers { peer.send() }
    }

    /// Starts one that takes a lock and keeps it, for 30 seconds at most: it writes `held`, waits for ``send(_:)``, gives the
    /// lock back, and writes `released` with the time.
    static func hold(_ program: Program, port: Int, key: String) throws -> PeerProcess {
        try PeerProcess(program, ["hold", "127.0.0.1", "\(port)", program.name(for: key)])
    }

    /// Starts one that waits for a lock, 30 seconds at most: it writes `acquired` with the time, and gives the lock back.
    static func wait(_ program: Program, port: Int, key: String) throws -> PeerProcess {
        try PeerProcess(program, ["wait", "127.0.0.1", "\(port)", program.name(for: key)])
    }

    var pid: Int32 { child.pid }

    /// What it has written so far.
    var output: String { folder.text("output") }

    /// What it has complained about so far.
    var errors: String { folder.text("errors") }

    /// Waits until it has written a line that begins so, and returns the rest of that line.
    ///
    /// - Parameter prefix: How the line begins.
    /// - Returns: The rest, without the space before it.
    /// - Throws: ``TimedOut``, with all that it has written.
    @discardableResult
    func line(_ prefix: String) async throws -> String {
        var found: String?
        try await waitUntil(
            "\"\(prefix)\" from process \(pid)",
            within: .seconds(40),
            details: { "; it wrote \"\(output)\" and \"\(errors)\"" }
        ) {
            let hasEnded = !child.isRunning
            found = lines.first { $0.hasPrefix(prefix) }.map(String.init)
            guard found == nil, hasEnded else { return found != nil }
            throw TimedOut(what: "\"\(prefix)\"; the process has ended, and wrote \"\(output)\" and \"\(errors)\"")
        }
        return String((found ?? "").dropFirst(prefix.count).drop { $0 == " " })
    }

    /// The complete lines that it has written.
    private var lines: [Substring] {
        let text = output
        let lines = text.split(separator: "\n")
        return text.hasSuffix("\n") ? lines : lines.dropLast()
    }

    /// As ``line(_:)``, for a line with a time: nanoseconds, to be compared with ``now``.
    func time(_ prefix: String) async throws -> Int {
        let text = try await line(prefix)
        guard let time = Int(text) else { throw TimedOut(what: "a time after \"\(prefix)\", and got \"\(text)\"") }
        return time
    }

    /// Writes a line to its standard input.
    func send(_ line: String = "") {
        _ = Descriptors.send(Array("\(line)\n".utf8), to: input)
    }

    /// Waits until it ends by itself.
    ///
    /// - Parameter limit: How long.
    /// - Throws: ``TimedOut``; ``ChildProgram/Failure`` if it ends with an error.
    func finished(within limit: Duration = .seconds(60)) async throws {
        let details = { "; it wrote \"\(self.output)\" and \"\(self.errors)\"" }
        try await waitUntil("the end of process \(pid)", within: limit, details: details) { !child.isRunning }
        guard child.exitStatus == 0 else {
            throw ChildProgram.Failure(description: "process \(pid) ended with \(child.exitStatus ?? 0)\(details())")
        }
    }

    func signal(_ number: Int32) {
        child.signal(number)
    }

    /// Kills it, and waits until it is gone.
    func kill() async throws {
        try await blocking { [child] in child.end(.now) }
    }

    /// The time that all processes share: nanoseconds of `CLOCK_MONOTONIC`.
    static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
