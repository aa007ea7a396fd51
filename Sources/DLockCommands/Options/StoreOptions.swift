import ArgumentParser
import DistributedLocks
import Foundation
import Logging

/// Where the locks are, for every command.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the locks are kept.",
            discussion: "From DLOCK_STORE if not given, and else the folder of your user on this machine.",
            valueName: "url"
        )
    )
    var store: String?

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
    func openService(_ configure: (inout LockConfiguration) -> Void = { _ in }) throws -> LockService {
        var configuration = LockConfiguration()
        // What matters is said on standard error in words; libraries' logs would only repeat it.
        configuration.logger = Logger(label: "dlock") { _ in SwiftLogNoOpLogHandler() }
        configure(&configuration)
        return LockService(try address.open(), configuration: configuration)
    }
}
