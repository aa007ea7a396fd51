#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The error number of a system call that failed.
package struct PlatformErrno: Error, Hashable, Sendable {
    package let code: Int32

    package init(code: Int32) {
        self.code = code
    }

    /// The error of the call that has just returned on this thread.
    static var current: PlatformErrno { PlatformErrno(code: errno) }

    /// What the system calls it, for example `No such file or directory`.
    var text: String {
        guard let message = strerror(code) else { return "error \(code)" }
        return String(cString: message)
    }

    /// Repeats `call` for as long as signals interrupt it.
    ///
    /// - Throws: The error, when the call returns a negative number for any other reason.
    static func check<Number: SignedInteger>(_ call: () -> Number) throws(PlatformErrno) -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            let error = current
            if error.code != EINTR { throw error }
        }
    }

    /// Whether this process, or the machine, has no file descriptor left.
    var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
}

extension LockError {
    /// Explains a failed system call, and what can be done about it.
    ///
    /// - Parameters:
    ///   - error: What the system says.
    ///   - action: What was tried, with the path: `open /run/dlock/locks/a.lock`.
    ///   - store: The store's label.
    init(_ error: PlatformErrno, trying action: String, store: String) {
        switch error.code {
        case EACCES, EPERM:
            self = .denied(
                store: store,
                reason:
                    "cannot \(action): \(error.text); all who share these locks must be the directory's owner"
            )
        case EROFS:
            self = .denied(
                store: store,
                reason: "cannot \(action): the file system is read-only; choose a directory on another one"
            )
        case ENOSPC, EDQUOT:
            self = .storeFailed(
                store: store,
                reason: "cannot \(action): \(error.text); free some space, or choose another directory"
            )
        case EMFILE, ENFILE:
            self = .storeFailed(
                store: store,
                reason: "cannot \(action): \(error.text); raise the limit of open files (ulimit -n)"
            )
        case ENAMETOOLONG:
            self = .invalid("cannot \(action): the path is too long; choose a shorter directory")
        case ELOOP:
            self = .denied(store: store, reason: "cannot \(action): a symbolic link is in its place; remove it")
        case ENOENT:
            self = .storeFailed(
                store: store,
                reason: "cannot \(action): it, or the directory it lies in, does not exist"
            )
        default:
            self = .storeFailed(store: store, reason: "cannot \(action): \(error.text)")
        }
    }
}
