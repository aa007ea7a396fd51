import ArgumentParser
import DistributedLocks

/// Where the locks are, for every command.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the locks are kept.",
            discussion: """
                From DLOCK_STORE if not given, and else the folder of your user on this machine.

                file:///folder, or a path with a slash: a folder, for the processes of one machine.

                redis://[user[:password]@]host[:port][,host[:port]...][/database][?option=value&...]: a Redis server; \
                rediss:// with TLS; redis+unix:///socket[?db=number&...], or unix://, through a socket.

                zookeeper://[user[:password]@]host[:port][,host[:port]...][/path][?option=value&...]: a ZooKeeper ensemble, and \
                the node that the locks are below; zookeepers:// with TLS.

                memory: in this process, for 'bench'.
                """,
            valueName: "url"
        )
    )
    var store: String?

    /// What was written on the command line, byte for byte, if anything was.
    var writtenStore: ByteString? { store.map { ByteString(ForeignText.decode($0)) } }

    /// What was asked for, on the command line or in the environment.
    var address: StoreAddress {
        get throws { try find(EnvironmentVariable.value) }
    }

    /// The private variables (see ``StoreAddress/privateVariables``) that the password for the store is taken from.
    var passwordVariables: Set<String> {
        get throws {
            var used: Set<String> = []
            _ = try find { name in
                let value = EnvironmentVariable.value(of: name)
                if value != nil, StoreAddress.privateVariables.contains(name) { used.insert(name) }
                return value
            }
            return used
        }
    }

    private func find(_ environment: @escaping (String) -> String?) throws -> StoreAddress {
        if let store {
            let text = String(decoding: ForeignText.decode(store), as: UTF8.self)
            return try StoreAddress(text, environment: environment)
        }
        guard let text = environment("DLOCK_STORE"), !text.isEmpty else { return .standard }
        do {
            return try StoreAddress(text, environment: environment)
        } catch {
            throw LockError.invalid("\(error) (from DLOCK_STORE)")
        }
    }

    /// Opens the store and a service on it.
    ///
    /// - Parameters:
    ///   - quiet: Whether to keep warnings to oneself.
    ///   - configure: Changes how the service behaves.
    /// - Returns: The service.
    /// - Throws: ``LockError``.
    func openService(
        quiet: Bool = false,
        _ configure: (inout LockConfiguration) -> Void = { _ in }
    ) throws -> LockService {
        let address = try address
        if !quiet { warn(about: address) }
        var configuration = LockConfiguration()
        configuration.logger = .silent
        configure(&configuration)
        return LockService(try address.open(), configuration: configuration)
    }

    /// Opens the store unless it is a folder that does not exist, which is not made.
    ///
    /// - Returns: The service; `nil` if there is no folder.
    /// - Throws: ``LockError``.
    func openIfPresent() throws -> LockService? {
        if case .file(let directory) = try address, FileURL.isMissing(directory) { return nil }
        return try openService()
    }

    /// Opens the store for a command that changes nothing in it but what is there: a folder that does not exist holds no locks.
    ///
    /// - Returns: The service; one on an empty store if there is no folder.
    /// - Throws: ``LockError``.
    func openForLooking() throws -> LockService {
        try openIfPresent() ?? LockService(MemoryStore())
    }

    /// Says so if there is a password among the arguments, which everybody on this machine can see.
    func warn(about address: StoreAddress) {
        guard store != nil, address.hasWrittenPassword, let variable = address.passwordVariable else { return }
        Console.error(
            "warning: the password in --store can be seen in the list of processes; use \(variable) or ?password-file="
        )
    }
}
