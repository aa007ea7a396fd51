import Glibc
import Synchronization

/// A child process that never outlives this one, and never outlives this object.
///
/// The child is started by a shell, which leaves a guard behind and then becomes the program itself, under the same
/// process number. The guard reads from a socket whose other end only this process has. When this process dies, however
/// it dies, the guard reads the end of the stream, and kills the program.
package final class ChildProgram: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// The process number of the program.
    package let pid: Int32
    private let lifeline: Int32
    /// How it ended, as `waitpid` says; `nil` as long as it runs. Only who has the lock may reap or signal: so a signal
    /// never reaches a stranger with a number that is used again.
    private let ending = Mutex<Int32?>(nil)

    package static let launcher = """
        (read -r word || kill -9 $$) <&3 3<&- >/dev/null 2>&1 &
        exec "$@" 3<&-
        """

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - words: The program (a path, or a name to look for in `PATH`) and its arguments.
    ///   - input: A descriptor to read from; nothing if `nil`.
    ///   - output: The descriptor for its output.
    ///   - errors: The descriptor for its error messages.
    /// - Throws: ``Failure`` if there are no more descriptors or processes.
    package init(_ words: [String], input: Int32? = nil, output: Int32, errors: Int32) throws {
        let ends = try Descriptors.pair()
        defer { close(ends.theirs) }
        lifeline = ends.ours
        do {
            let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
            defer { close(nothing) }
            let command = ["/bin/sh", "-c", Self.launcher, "sh"] + words
            pid = try Self.spawn(command, [input ?? nothing, output, errors, ends.theirs])
        } catch {
            close(ends.ours)
            throw error
        }
    }

    deinit {
        end(.now)
    }

    /// Starts a process that has exactly these descriptors, as 0, 1 and so on, and no signal blocked.
    private static func spawn(_ words: [String], _ descriptors: [Int32]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        // Most others close themselves; it does no harm to close what is not open.
        for other in descriptors.count..<Descriptors.highest + 16 {
            posix_spawn_file_actions_addclose(&actions, Int32(other))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of pools block signals, and a child would inherit that.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, words[0], &actions, &attributes, &arguments, environ)
        guard result == 0 else { throw Failure(description: "posix_spawn \(words): errno \(result)") }
        return pid
    }

    /// Whether it still runs (or is stopped).
    package var isRunning: Bool { exitStatus == nil }

    /// How it ended, as `waitpid` says; `nil` as long as it runs.
    package var exitStatus: Int32? {
        ending.withLock { ending in
            reap(&ending)
            return ending
        }
    }

    private func reap(_ ending: inout Int32?) {
        var status: Int32 = 0
        guard ending == nil, waitpid(pid, &status, WNOHANG) == pid else { return }
        ending = status
        // The guard can go; it must not kill whoever has this number next.
        _ = send(lifeline, "done\n", 5, Int32(MSG_NOSIGNAL))
        close(lifeline)
    }

    /// Sends a signal, unless it has ended.
    package func signal(_ number: Int32) {
        ending.withLock { ending in
            reap(&ending)
            if ending == nil { kill(pid, number) }
        }
    }

    /// Stops it (`SIGSTOP`), and waits until it has stopped. Blocks for that long.
    package func pause() {
        signal(SIGSTOP)
        for _ in 0..<5_000 where isRunning && !isStopped { usleep(1_000) }
    }

    private var isStopped: Bool {
        let stat = String(decoding: Descriptors.contents("/proc/\(pid)/stat"), as: UTF8.self)
        return stat.split(separator: ")").last?.hasPrefix(" T") ?? true
    }

    package enum Manner {
        /// It is asked to (`SIGTERM`), and killed if it takes longer than a few seconds.
        case asked
        /// It is killed.
        case now
    }

    /// Makes it end. Blocks until it is gone.
    package func end(_ manner: Manner) {
        if manner == .asked {
            signal(SIGTERM)
            signal(SIGCONT)
            for _ in 0..<5_000 where isRunning { usleep(1_000) }
        }
        while isRunning {
            signal(SIGKILL)
            usleep(1_000)
        }
    }

    /// Runs a program to its end. Blocks for that long, a minute at most.
    ///
    /// - Parameter words: The program and its arguments.
    /// - Throws: ``Failure``, with what it has written, if it does not end well.
    package static func run(_ words: [String]) throws {
        let folder = try TemporaryFolder()
        let output = try Descriptors.appending(to: folder.file("output"))
        defer { close(output) }
        let child = try ChildProgram(words, output: output, errors: output)
        for _ in 0..<60_000 where child.isRunning { usleep(1_000) }
        guard child.exitStatus == 0 else {
            throw Failure(description: "\(words.joined(separator: " ")):\n\(folder.text("output"))")
        }
    }
}
