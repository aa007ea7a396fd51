import ArgumentParser
import DistributedLocks
import Foundation

/// `dlock run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command while holding a lock.",
        usage: "dlock run [<options>] <name> [--] <command> [<argument> ...]",
        discussion: """
            Waits for its turn, first come first served where the store can do that; then runs the command with standard \
            input, output and error, terminal, signals and exit code as if dlock were not there. The command finds the \
            name in DLOCK_NAME, its fencing token in DLOCK_TOKEN and the store in DLOCK_STORE.

            Durations are written 500ms, 30s, 5m, 2h or 1d; a bare number counts seconds.

            If the lock is lost while the command runs, its process group gets TERM, and KILL before the store can give \
            the lock to anybody else; the exit code is then 80.
            """
    )

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Wait this long at the most; for ever if not given.", valueName: "duration"))
    var wait: DurationArgument?
    @Flag(name: .customLong("no-wait"), help: "Do not wait: exit with 75 if the lock is not free.")
    var noWait = false
    @Option(
        help: ArgumentHelp(
            "How long the lock outlives a holder that has gone silent, where the store's locks expire; 30s if not given.",
            valueName: "duration"
        )
    )
    var ttl: DurationArgument?
    @Flag(help: "Share the lock with others that share it.")
    var shared = false
    @Option(help: ArgumentHelp("Take one of this many permits.", valueName: "number"))
    var permits: Int?
    @Option(help: ArgumentHelp("Keep the lock this long, even if the command ends sooner.", valueName: "duration"))
    var holdAtLeast: DurationArgument?
    @Option(
        help: ArgumentHelp(
            "End the command before it has held the lock this long: TERM some time before, KILL at the end.",
            valueName: "duration"
        )
    )
    var holdAtMost: DurationArgument?
    @Option(
        help: ArgumentHelp(
            "How long the rest of a command's process group has to end once the command was ended by a signal, before it is killed; the lock lasts until then. 0 for at once, or never.",
            valueName: "duration"
        )
    )
    var killAfter = LimitArgument(.seconds(10))
    @Option(help: ArgumentHelp("Exit code if the lock is busy, or the wait timed out.", valueName: "code"))
    var conflictExitCode: Int32 = DLockExit.conflict
    @Option(help: ArgumentHelp("What to tell others who wait or look.", valueName: "text"))
    var label: String?
    @Flag(name: .shortAndLong, help: "Say nothing, unless it is an error.")
    var quiet = false

    @OptionGroup var lock: NameArgument
    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The command and its arguments.", valueName: "command")
    )
    var command: [String] = []

    /// The command without the `--` before it.
    var commandLine: [String] { command.first == "--" ? Array(command.dropFirst()) : command }

    /// The command as this process was given it, byte for byte: it is the tail of the arguments.
    var commandBytes: [ByteString] {
        let arguments = CommandLine.unsafeArgv
        let range = max(0, Int(CommandLine.argc) - commandLine.count)..<Int(CommandLine.argc)
        return range.compactMap { arguments[$0].map { ByteString(cString: $0) } }
    }

    func validate() throws {
        if let first = command.first, first != "--", first.hasPrefix("-") {
            throw ValidationError(
                "\(first): options go before the name; a command that begins with a dash goes after --"
            )
        }
        guard !commandLine.isEmpty else {
            throw ValidationError("no command was given: dlock run \(lock.name) -- COMMAND")
        }
        guard !(noWait && wait != nil) else { throw ValidationError("--wait and --no-wait contradict each other") }
        guard !(shared && permits != nil) else { throw ValidationError("--shared and --permits contradict each other") }
        guard permits.map({ $0 >= 1 }) ?? true else { throw ValidationError("--permits is at least 1") }
        guard ttl.map({ $0.duration > .zero }) ?? true, holdAtMost.map({ $0.duration > .zero }) ?? true else {
            throw ValidationError("--ttl and --hold-at-most must be longer than nothing")
        }
        if let holdAtLeast, let holdAtMost, holdAtLeast.duration > holdAtMost.duration {
            throw ValidationError("--hold-at-least is longer than --hold-at-most")
        }
        guard (0...255).contains(conflictExitCode) else {
            throw ValidationError("--conflict-exit-code is between 0 and 255")
        }
        guard label.map({ $0.utf8.count <= Holder.maximumLabelLength }) ?? true else {
            throw ValidationError("--label has at most \(Holder.maximumLabelLength) bytes")
        }
    }

    func run() async throws {
        do {
            guard try store.address != .memory else {
                throw LockError.invalid(
                    "locks in memory: end with this process; name a folder (--store or DLOCK_STORE)"
                )
            }
            let signals = SignalSource()
            try signals.start()
            let session = try RunSession(self, signals: signals)
            switch await session.run() {
            case .exit(let code):
                throw ExitCode(code)
            case .die(let signal):
                SignalSource.reraise(signal)
                throw ExitCode(128 + signal)
            }
        } catch let error as LockError {
            Console.error(error.description)
            throw ExitCode(DLockExit.code(for: error, conflict: conflictExitCode))
        } catch let error as ChildLaunchError {
            Console.error(error.description)
            throw ExitCode(error.exitCode)
        }
    }
}
