import NIOCore

/// Runs tasks on an event loop: between them and the connection on it no thread switch is needed.
final class EventLoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    /// Makes an executor.
    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs a job soon.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        eventLoop.execute { job.runSynchronously(on: executor) }
    }
}
