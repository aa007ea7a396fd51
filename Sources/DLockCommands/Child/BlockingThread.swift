import CDLockChild

/// Threads for calls that block for long, which must not occupy a thread of the concurrency runtime.
enum BlockingThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts a thread that ends when `run` returns.
    ///
    /// - Parameter run: What the thread does.
    /// - Returns: 0, or the `errno` value that says why there is no thread; `run` is not called then.
    static func start(_ run: @escaping @Sendable () -> Void) -> Int32 {
        let body = Unmanaged.passRetained(Body(run))
        let error = dlock_thread_start(
            { context in
                if let context {
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            },
            body.toOpaque()
        )
        if error != 0 {
            body.release()
        }
        return error
    }
}
