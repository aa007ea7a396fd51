public import ArgumentParser

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
            RunCommand.self, StatusCommand.self, ListCommand.self, WatchCommand.self, ReleaseCommand.self,
            BenchCommand.self,
        ]
    )

    /// Makes the command; for ArgumentParser.
    public init() {}

    /// Runs the command line of this process, and ends the process with its exit code.
    ///
    /// To be called first thing on the main thread: signals have to be blocked before any other thread exists.
    public static func runAndExit() -> Never {
        SignalSource.blockAll()
        Task {
            await main()
            exit()
        }
        while true { ParkedThread.park() }
    }
}
