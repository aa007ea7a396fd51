import ArgumentParser
import DistributedLocks

/// `dlock run`.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command while holding a lock.",
        usage: """
            dlock run [<options>] <name> [--] <command> [<argument> ...]
            dlock run [<options>] <name> -c <line>
            """,
        discussion: """
            Waits for its turn, first come first served where the store can do that; then runs the command with standard \
            input, output and error, terminal, signals and exit code as if dlock were not there. The command finds the \
            name in DLOCK_NAME, its fencing token in DLOCK_TOKEN and the store in DLOCK_HELD_STORE.

            Durations are written 500ms, 30s, 5m, 2h or 1d; a bare number counts seconds.

            If the lock is lost while the command runs, its process group gets TERM, and KILL before the store can give \
            the lock to anybody else; the exit code is then 80.
            """
    )

    @OptionGroup var store: StoreOptions

    @Option(
        name: RunOption.wait.names,
        help: ArgumentHelp("Wait this long at the most; for ever if not given.", valueName: "duration"),
        transform: DurationArgument.read
    )
    var wait: DurationArgument?
    @Flag(name: RunOption.noWait.names, help: "Do not wait: exit with 75 if the lock is not free.")
    var noWait = false
    @Option(
        name: RunOption.ttl.names,
        help: ArgumentHelp(
            "How long the lock outlives a holder that has gone silent, where the store's locks expire; 30s if not given.",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var ttl: DurationArgument?
    @Flag(name: RunOption.shared.names, help: "Share the lock with others that share it.")
    var shared = false
    @Flag(name: RunOption.exclusive.names, help: "Share the lock with nobody, as if nothing was said.")
    var exclusive = false
    @Option(name: RunOption.permits.names, help: ArgumentHelp("Take one of this many permits.", valueName: "number"))
    var permits: Int?
    @Option(
        name: RunOption.holdAtLeast.names,
        help: ArgumentHelp(
            """
            Keep the lock this long, even if the command ends sooner: the store keeps it, and dlock ends with the command; on \
            ZooKeeper dlock stays.
            """,
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var holdAtLeast: DurationArgument?
    @Option(
        name: RunOption.holdAtMost.names,
        help: ArgumentHelp(
            "End the command before it has held the lock this long: TERM some time before, KILL at the end.",
            valueName: "duration"
        ),
        transform: DurationArgument.read
    )
    var holdAtMost: DurationArgument?
    @Option(
        name: RunOption.killAfter.names,
        help: ArgumentHelp(
            "How long what is left of the command's process group has to end once a signal has ended the command; then it is killed. The lock lasts until then. 0 for at once, or never.",
            valueName: "duration"
        ),
        transform: LimitArgument.read
    )
    var killAfter = LimitArgument.standard
    @Option(
        name: RunOption.conflictExitCode.names,
        help: ArgumentHelp("Exit code if the lock is busy, or the wait timed out.", valueName: "code")
    )
    var conflictExitCode: Int32 = DLockExit.conflict
    @Option(
        name: RunOption.label.names,
        help: ArgumentHelp(
            "What to tell others who wait or look; the name of the command if not given.",
            valueName: "text"
        )
    )
    var label: String?
    @Flag(name: RunOption.quiet.names, help: "Say nothing, unless it is an error.")
    var quiet = false
    @Option(
        name: RunOption.command.names,
        help: ArgumentHelp("Run this line with the shell in SHELL, or /bin/sh; also after the name.", valueName: "line")
    )
    var shellLine: String?

    @OptionGroup var lock: NameArgument
    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The command and its arguments.", valueName: "command")
    )
    var command: [String] = []

    /// What was given after the name, which the parser of arguments has seen only the beginning of.
    var given = GivenWords()

    /// The command and its arguments, byte for byte.
    var commandBytes: [ByteString] {
        let shell = ChildEnvironment.inherited["SHELL"]
        if let shellLine { return ShellCommand.words(ByteString(ForeignText.decode(shellLine)), shell: shell) }
        return words.command(shell: shell)
    }

    /// What others are told of this holder: the name of the command, unless something else was asked for.
    var holderLabel: String? {
        if let label { return label.isEmpty ? nil : label }
        let name = commandBytes.first.map { $0.bytes.split(separator: UInt8(ascii: "/")).last ?? [] } ?? []
        let text = String(decoding: name, as: UTF8.self)
        var end = text.startIndex
        while end < text.endIndex, text[...end].utf8.count <= Holder.maximumLabelLength { end = text.index(after: end) }
        return end == text.startIndex ? nil : String(text[..<end])
    }

    private var words: RunWords {
        RunWords(given.words ?? command.map { ByteString(ForeignText.decode($0)) })
    }

    func validate() throws {
        if let shellLine {
            guard words.isEmpty else {
                throw ValidationError(
                    "-c says already what is run: \(shellLine.debugDescription); \(words.text.debugDescription) is too much"
                )
            }
        } else {
            try words.check(name: lock.name)
        }
        guard !(exclusive && (shared || permits != nil)) else {
            throw ValidationError("--exclusive contradicts --shared and --permits")
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
