import DistributedLocks
import Synchronization
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Another process with a `FileStore`: see `Tests/FileStoreProbe`. It is killed when the last reference goes.
final class ProbeProcess: Sendable {
    private struct State {
        var text = ""
        var exit: Int32?
    }

    let pid: pid_t
    private let input: Int32
    private let output: Int32
    private let state = Mutex(State())

    /// Starts a process that obeys ``send(_:)``.
    convenience init(_ room: StoreRoom) throws {
        try self.init([room.path])
    }

    /// Starts a process; with a `log`, its output is appended to that file.
    ///
    /// `of` is the executable, if it is not the probe.
    init(_ arguments: [String], log: String? = nil, of executable: String = executable) throws {
        var (stdin, stdout): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        guard Self.makePipe(&stdin), Self.makePipe(&stdout) else { throw TemporaryDirectory.Failure(code: errno) }
        (input, output) = (stdin[1], stdout[0])
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        let target = log.map { open($0, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600) } ?? stdout[1]
        defer {
            close(stdin[0])
            close(stdout[1])
            if target != stdout[1] { close(target) }
        }
        pid = try Self.spawn([executable] + arguments, stdin[0], target)
    }

    deinit {
        kill()
        close(input)
        close(output)
    }

    private static func makePipe(_ ends: inout [Int32]) -> Bool {
        guard pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return true
    }

    private static func spawn(_ words: [String], _ input: Int32, _ output: Int32) throws -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, words[0], &actions, nil, &arguments, environ)
        guard result == 0 else { throw TemporaryDirectory.Failure(code: result) }
        return pid
    }

    /// The probe lies beside the test's own executable.
    static var executable: String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/FileStoreProbe"
    }

    /// A process that dies while it is written to must not take the tests along.
    private static let ignoresBrokenPipes: Void = { _ = Glibc.signal(SIGPIPE, SIG_IGN) }()

    /// Whether there is one; SwiftPM puts it elsewhere on Apple's systems.
    static var isAvailable: Bool { access(executable, X_OK) == 0 }

    /// Writes a line; to a process that is gone, nothing.
    func send(_ line: String) {
        _ = Self.ignoresBrokenPipes
        let bytes = Array((line + "\n").utf8)
        _ = write(input, bytes, bytes.count)
    }

    /// Waits until a line begins with `prefix`, and returns the rest of the line, without consuming it.
    func expect(_ prefix: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
        var found: String?
        try await eventually("\(prefix) from process \(pid)", sourceLocation: sourceLocation) {
            found = line(prefix)
            return found != nil
        }
        return found ?? ""
    }

    /// The rest of the first line that begins with `prefix`.
    func line(_ prefix: String) -> String? {
        state.withLock { state in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(output, &buffer, buffer.count)
                guard count > 0 else { break }
                state.text += String(decoding: buffer.prefix(count), as: UTF8.self)
            }
            return state.text.split(separator: "\n").first { $0.hasPrefix(prefix) }.map {
                String($0.dropFirst(prefix.count))
            }
        }
    }

    func acquire(_ key: String, _ name: String, _ mode: String = "exclusive") async throws {
        send("acquire \(key) \(name) \(mode)")
        _ = try await expect("asked \(key)")
    }

    /// Waits for a grant, and returns its token.
    func granted(_ key: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> UInt64 {
        try #require(UInt64(try await expect("granted \(key) ", sourceLocation: sourceLocation)))
    }

    func signal(_ number: Int32) {
        #if canImport(Darwin)
            _ = Darwin.kill(pid, number)
        #elseif canImport(Glibc)
            _ = Glibc.kill(pid, number)
        #else
            _ = Musl.kill(pid, number)
        #endif
    }

    /// Kills the process, and waits until it is gone.
    func kill() {
        guard state.withLock({ $0.exit }) == nil else { return }
        signal(SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        state.withLock { $0.exit = status }
    }

    /// Waits until the process ends by itself, and returns its status.
    func join() async throws -> Int32 {
        try await eventually("the end of process \(pid)", seconds: 60) {
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return false }
            state.withLock { $0.exit = status }
            return true
        }
        return state.withLock { $0.exit ?? 0 }
    }

    /// How much processor time it has used, in clock ticks (10 ms).
    var ticks: Int {
        let fields = String(decoding: TemporaryDirectory.contents("/proc/\(pid)/stat"), as: UTF8.self).split(
            separator: " "
        )
        guard fields.count > 14, let user = Int(fields[13]), let system = Int(fields[14]) else { return 0 }
        return user + system
    }
}
