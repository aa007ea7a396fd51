#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What `dlock` itself says, and how.
enum Console {
    /// Whether people read standard output.
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    /// Whether people read standard error.
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard error is a terminal on which this process's job is in the foreground.
    static var errorTerminalIsOurs: Bool { tcgetpgrp(STDERR_FILENO) == getpgrp() }

    /// Whether standard output is a terminal on which this process's job is in the foreground.
    static var outputTerminalIsOurs: Bool { tcgetpgrp(STDOUT_FILENO) == getpgrp() }

    /// Writes one line to standard error: `dlock: …`. Control characters are made visible: names, labels and paths come
    /// from elsewhere.
    static func error(_ message: String) {
        write("dlock: \(printable(message))\n", to: STDERR_FILENO)
    }

    /// Writes one line to standard output; ends the process if that is not possible.
    static func line(_ text: String) {
        output(text + "\n")
    }

    /// Writes to standard output; ends the process if that is not possible, as a program does whose reader is gone, or
    /// with an error.
    static func output(_ text: String) {
        let error = write(text, to: STDOUT_FILENO)
        guard error != 0 else { return }
        if error == EPIPE { SignalSource.reraise(SIGPIPE) }
        Console.error("cannot write to standard output: \(String(cString: strerror(error)))")
        exit(DLockExit.outputFailed)
    }

    /// Ends the process.
    ///
    /// - Parameter code: The exit code.
    static func exit(_ code: Int32) -> Never {
        #if canImport(Darwin)
            Darwin.exit(code)
        #elseif canImport(Glibc)
            Glibc.exit(code)
        #elseif canImport(Musl)
            Musl.exit(code)
        #endif
    }

    /// Writes everything.
    ///
    /// - Returns: 0, or an `errno` value.
    @discardableResult
    static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                bytes = bytes.dropFirst(written)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Darwin)
            Darwin.write(descriptor, bytes, count)
        #elseif canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #elseif canImport(Musl)
            Musl.write(descriptor, bytes, count)
        #endif
    }
}
