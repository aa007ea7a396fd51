public import ArgumentParser
import CDLockChild

/// The `dlock` command.
public struct DLock: AsyncParsableCommand {
    /// How the command introduces itself.
    public static let configuration = CommandConfiguration(
        commandName: "dlock",
        abstract: "Run commands under a distributed lock, and look at who holds what.",
        discussion: """
            Stores: 'file:///some/folder' (or a path with a slash) for the processes of one machine, which is the default, in a folder \
            of your user; 'redis://host' for all who reach that Redis or Valkey server; 'zookeeper://a,b,c/path' for \
            all who reach that ZooKeeper ensemble; 'memory:' for 'bench' only. The environment variable DLOCK_STORE sets \
            another default.

            Options in the URL of a Redis server: prefix (put before every name), timeout and connect-timeout (such as 500ms \
            or 5s), replicas (how many have to acknowledge a lock) and replica-timeout, client-name, password-file (its first \
            line), password-env (the name of a variable); with rediss:// also ca, cert, key (PEM files) and server-name.

            Options in the URL of a ZooKeeper ensemble: session-timeout (how long locks outlive a dlock that has gone \
            silent, 10s; servers have limits of their own), timeout, naming (curator, kazoo or both: whose lock recipe's \
            names the nodes get), names (escaped, or paths: whether a / in a name separates nodes), acl (open, or creator: \
            who may do what with the nodes), password-file, password-env; with zookeepers:// also ca, cert, key and \
            server-name.

            A password is better not in the URL, which others can see: set DLOCK_REDIS_PASSWORD or \
            DLOCK_ZOOKEEPER_PASSWORD, or use password-file or password-env.

            Exit codes of 'run': those of the command, and 128+n if signal n killed it.

            64: wrong usage.

            69: the store cannot be reached, or does not work.

            71: the system has no process or thread left for the command.

            74: standard output cannot be written.

            75: busy, or timed out (--conflict-exit-code changes it).

            77: the store denies access.

            80: the lock was lost while the command ran, or --hold-at-most was reached.

            126, 127: the command cannot be executed, or was not found.
            """,
        version: "0.1.0",
        subcommands: [
            RunCommand.self, WaitCommand.self, StatusCommand.self, ListCommand.self, WatchCommand.self,
            ReleaseCommand.self,
            BenchCommand.self,
        ]
    )

    /// Makes the command; for ArgumentParser.
    public init() {}

    /// Says what there is to run, and that nothing was: without a subcommand, nothing has succeeded.
    ///
    /// - Throws: `ExitCode` 64.
    public func run() async throws {
        Console.write(Self.helpMessage() + "\n", to: 2)
        throw ExitCode(DLockExit.usage)
    }

    /// How what the parser of arguments has to say begins.
    public static var _errorPrefix: String { "dlock: " }

    /// Runs the command line of this process, and ends the process with its exit code.
    ///
    /// To be called first thing on the main thread: signals have to be blocked before any other thread exists.
    public static func runAndExit() -> Never {
        SignalSource.blockAll()
        dlock_executor_install()
        Task {
            do {
                try await run(ProcessArguments())
                finish(0)
            } catch {
                finish(with: error)
            }
        }
        dlock_executor_run()
    }

    /// Runs a command line.
    @concurrent private static func run(_ arguments: some Collection<ByteString> & Sendable) async throws {
        if arguments.first == "run" {
            let line = RunLine(arguments.dropFirst())
            if let command = try read(line) { return try await command.run() }
            return try await run(line.parserArguments)
        }
        // More of them than any command takes are too many; the parser need not see all to say so.
        try await run(arguments.prefix(mostArguments).map { ForeignText.encode($0.bytes) })
    }

    @concurrent private static func run(_ arguments: [String]) async throws {
        var command = try parseAsRoot(arguments)
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }

    /// Says what there is to say of the end of a command, and ends the process.
    private static func finish(with error: any Error) -> Never {
        if let error = error as? UsageError {
            error.report()
            finish(DLockExit.usage)
        }
        let (text, code) = (fullMessage(for: error), exitCode(for: error))
        if !text.isEmpty {
            if code.isSuccess {
                Console.line(text)
            } else {
                Console.write(text + "\n", to: 2)
            }
        }
        finish(code.rawValue)
    }

    private static func finish(_ code: Int32) -> Never {
        Console.exit(code)
    }

    /// More arguments than any command but `run` takes.
    private static let mostArguments = 64

    /// Reads the command line of `dlock run`.
    ///
    /// - Parameter line: What was given after `run`.
    /// - Returns: The command; `nil` if the parser of arguments has something else to do, such as to print help.
    /// - Throws: What the parser of arguments throws, or ``UsageError``.
    static func read(_ line: RunLine) throws -> RunCommand? {
        if let command = RunCommand(plain: line) { return command }
        if let option = line.unknownOption {
            throw UsageError(message: "unknown option '\(option)'", command: RunCommand.self)
        }
        var command = try parseAsRoot(line.parserArguments) as? RunCommand
        command?.given.words = line.rest
        return command
    }
}
