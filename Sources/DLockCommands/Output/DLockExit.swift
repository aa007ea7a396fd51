import ArgumentParser
import DistributedLocks

extension LockError {
    /// Whether somebody else simply has the lock.
    var isConflict: Bool {
        switch self {
        case .busy, .timedOut: true
        default: false
        }
    }
}

/// The exit codes of `dlock` that are its own.
enum DLockExit {
    /// What was to be released is not held.
    static let notHeld: Int32 = 1
    /// Wrong usage (`EX_USAGE`).
    static let usage: Int32 = 64
    /// The store cannot be reached, or does not work (`EX_UNAVAILABLE`).
    static let unavailable: Int32 = 69
    /// Busy or timed out (`EX_TEMPFAIL`).
    static let conflict: Int32 = 75
    /// Standard output cannot be written (`EX_IOERR`).
    static let outputFailed: Int32 = 74
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
    ///
    /// - Parameters:
    ///   - handlesSignals: Whether the body takes care of signals; otherwise they do what they do to any program.
    ///   - body: What the command does.
    /// - Throws: `ExitCode` for an error of the library, or whatever else the body throws.
    static func translating(handlesSignals: Bool = false, _ body: () async throws -> Void) async throws {
        do {
            if !handlesSignals { try obeySignals() }
            try await body()
        } catch let error as LockError {
            Console.error(error.description)
            throw ExitCode(code(for: error))
        } catch let refusal as ReleaseCommand.Refusal {
            Console.error(refusal.description)
            throw ExitCode(refusal.exitCode)
        } catch let error as ChildLaunchError {
            Console.error(error.description)
            throw ExitCode(error.exitCode)
        }
    }

    private static func obeySignals() throws {
        let signals = SignalSource()
        try signals.start()
        Task {
            while let signal = await signals.next() {
                if SignalSource.isStop(signal) {
                    _ = await signals.stopSelf()
                } else if SignalSource.endsByDefault(signal) {
                    SignalSource.reraise(signal)
                }
            }
        }
    }
}
