import CDLockChild
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The controlling terminal, and who of this process and its child owns it.
///
/// A failure of a terminal call, which happens when the terminal has been hung up, is ignored: there is nothing left to
/// hand over then.
final class Terminal: Sendable {
    private struct Modes {
        /// Modes from before the child got the terminal.
        var own: termios?
        /// Modes from when the child last lost the terminal.
        var child: termios?
    }

    /// A descriptor of the terminal; valid as long as this object.
    let descriptor: Int32
    private let modes = Mutex(Modes())

    /// The controlling terminal of this process.
    ///
    /// - Returns: `nil` if the process has none.
    static func controlling() -> Terminal? {
        let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        return descriptor < 0 ? nil : Terminal(descriptor: descriptor)
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Whether the process group of this process is in the foreground.
    var isForeground: Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// Whether this process is a foreground job of its own, and nothing but the terminal is attached to it.
    ///
    /// Such a job can hand over the terminal as a whole: no other process of its group would miss it.
    var isExclusive: Bool {
        let group = getpgrp()
        return group == getpid()
            && [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].allSatisfy { tcgetpgrp($0) == group }
    }

    /// Remembers the modes to return to when the child loses the terminal.
    func saveModes() {
        let current = currentModes
        modes.withLock { $0.own = current }
    }

    /// Makes a process group the foreground group, with the modes it had when it last was.
    ///
    /// - Parameter group: The number of the child's process group.
    func give(to group: Int32) {
        saveModes()
        if let child = modes.withLock({ $0.child }) {
            set(child)
        }
        _ = dlock_terminal_give(descriptor, group)
    }

    /// Makes the process group of this process the foreground group again, if `group` is it now.
    ///
    /// - Parameters:
    ///   - group: The number of the child's process group.
    ///   - restoringModes: Whether to return to the modes from before the terminal was given to the child.
    func take(from group: Int32, restoringModes: Bool) {
        guard tcgetpgrp(descriptor) == group, dlock_terminal_give(descriptor, getpgrp()) == 0 else { return }
        guard restoringModes else { return }
        let current = currentModes
        let own = modes.withLock { modes in
            modes.child = current
            return modes.own
        }
        if let own {
            set(own)
        }
    }

    private var currentModes: termios? {
        var modes = termios()
        return tcgetattr(descriptor, &modes) == 0 ? modes : nil
    }

    /// Sets modes at once: to wait for the output to drain would block as long as the user holds it with Ctrl-S.
    private func set(_ modes: termios) {
        var modes = modes
        _ = tcsetattr(descriptor, TCSANOW, &modes)
    }
}
