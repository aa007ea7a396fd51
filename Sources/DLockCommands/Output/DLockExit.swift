import ArgumentParser
import DistributedLocks

/// The exit codes of `dlock` that are its own.
enum DLockExit {
    /// Wrong usage (`EX_USAGE`).
    static let usage: Int32 = 64
    /// The store cannot be reached, or does not work (`EX_UNAVAILABLE`).
    static let unavailable: Int32 = 69
    /// Busy or timed out (`EX_TEMPFAIL`).
    static let conflict: Int32 = 75
    /// The store denies access (`EX_NOPERM`).
    static let denied: Int32 = 77
    /// The lock was lost while the command ran.
    static let lost: Int32 = 80

    /// The code for an error of the library.
    static func code(for error: LockError, conflict: Int32 = conflict) -> Int32 {
        switch error {
        case .busy, .timedOut: conflict
        case .lost: lost
        case .unreachable, .storeFailed, .closed: unavailable
        case .denied: denied
        case .unsupported, .invalid: usage
        }
    }

    /// Runs a command's body; an error of the library is said on standard error and becomes its exit code.
    static func translating(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as LockError {
            Console.error(error.description)
            throw ExitCode(code(for: error))
        }
    }
}
