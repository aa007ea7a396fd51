import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Starts and ends the one thread of a session, which waits for what other processes do.
///
/// A thread of its own, since waiting for pipes blocks, and the threads that Swift's tasks share must not.
final class SessionThread: Sendable {
    private enum Phase {
        case notStarted
        /// Runs; `wasUsed` if there was something to do since the last beat.
        case running(wasUsed: Bool)
        /// Runs, but has nothing to look for, and sleeps until it is woken or told something.
        case parked
        case stopping
        case ended
    }

    private struct State {
        var phase = Phase.notStarted
        var joiners: [CheckedContinuation<Void, Never>] = []
    }

    /// What the thread is called in lists of threads.
    private static let name = "FileStore"

    private let state = Mutex(State())
    private let label: String

    init(label: String) {
        self.label = label
    }

    /// Makes sure that the thread runs and looks after `session`; called before and after anything is held or waited
    /// for.
    func attend(to session: FileSession) throws(LockError) {
        let phase = state.withLock { state -> Phase in
            let before = state.phase
            switch before {
            case .notStarted, .running, .parked: state.phase = .running(wasUsed: true)
            case .stopping, .ended: break
            }
            return before
        }
        switch phase {
        case .notStarted: try start(session)
        case .parked: session.wakeThread()
        case .running, .stopping, .ended: break
        }
    }

    /// Has the thread end soon; it must be woken, too.
    func stop() {
        state.withLock { state in
            switch state.phase {
            case .notStarted: state.phase = .ended
            case .running, .parked: state.phase = .stopping
            case .stopping, .ended: break
            }
        }
    }

    /// Suspends until the thread has ended.
    func join() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if case .ended = state.phase { return true }
                state.joiners.append(continuation)
                return false
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// Whether the thread has to end; asked by the thread itself.
    var isStopping: Bool {
        state.withLock { state in
            if case .stopping = state.phase { true } else { false }
        }
    }

    /// Whether anybody has used the session since the last beat.
    var isUsed: Bool {
        state.withLock { state in
            if case .running = state.phase { true } else { false }
        }
    }

    /// Whether the thread may stop beating; asked by the thread itself, once for each beat.
    ///
    /// - Parameter isSettled: Whether it has nothing to look for.
    /// - Returns: Whether it stops.
    func parks(ifSettled isSettled: Bool) -> Bool {
        state.withLock { state in
            guard case .running(let wasUsed) = state.phase else { return false }
            state.phase = wasUsed || !isSettled ? .running(wasUsed: false) : .parked
            return !wasUsed && isSettled
        }
    }

    /// The thread's last words.
    private func ended() {
        let joiners = state.withLock { state in
            state.phase = .ended
            defer { state.joiners = [] }
            return state.joiners
        }
        for joiner in joiners { joiner.resume() }
    }

    private func start(_ session: FileSession) throws(LockError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let reference = Unmanaged.passRetained(session)
        let result = Self.create(&attributes, reference.toOpaque())
        guard result != 0 else { return }
        reference.release()
        state.withLock { $0.phase = .notStarted }
        throw LockError(PlatformErrno(code: result), trying: "start a thread for", store: label)
    }

    private static func create(_ attributes: inout pthread_attr_t, _ session: UnsafeMutableRawPointer) -> Int32 {
        #if canImport(Darwin)
            var thread: pthread_t?
            return pthread_create(&thread, &attributes, { SessionThread.main($0) }, session)
        #else
            var thread = pthread_t()
            return pthread_create(&thread, &attributes, { SessionThread.main($0) }, session)
        #endif
    }

    /// Runs until the session ends, and lets go of it.
    @inline(never)
    private static func look(after session: consuming FileSession) -> SessionThread {
        let thread = session.thread
        var loop = SessionLoop(session)
        loop.run()
        return thread
    }

    private static func main(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        // The program's signals are for its own threads.
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_SETMASK, &signals, nil)
        #if canImport(Darwin)
            pthread_setname_np(name)
        #else
            // Not `pthread_setname_np`: the C library's module does not give it to Swift.
            try? Descriptor.open("/proc/thread-self/comm", O_WRONLY).write(Array(name.utf8))
        #endif
        let thread = look(after: Unmanaged<FileSession>.fromOpaque(argument).takeRetainedValue())
        // Who waits for the end may rely on it that the session's files are closed.
        thread.ended()
        return nil
    }
}
