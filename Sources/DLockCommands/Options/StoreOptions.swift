import ArgumentParser
import DistributedLocks
import Foundation

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

    /// What was written on the command line, if anything was.
    var text: String? { store }

    /// What was asked for, on the command line or in the environment.
    var address: StoreAddress {
        get throws {
            if let store { return try StoreAddress(store) }
            guard let text = ProcessInfo.processInfo.environment["DLOCK_STORE"], !text.isEmpty else { return .standard }
            do {
                return try StoreAddress(text)
            } catch {
                throw LockError.invalid("\(error) (from DLOCK_STORE)")
            }
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

    /// Says so if there is a password among the arguments, which everybody on this machine can see.
    func warn(about address: StoreAddress) {
        guard store != nil, address.hasWrittenPassword, let variable = address.passwordVariable else { return }
        Console.error(
            "warning: the password in --store can be seen in the list of processes; use \(variable) or ?password-file="
        )
    }
}
