package import NIOCore

/// Runs tasks on an event loop: between them and the connection on it no thread switch is needed.
package final class EventLoopExecutor: TaskExecutor {
    package let eventLoop: any EventLoop

    /// Makes an executor.
    package init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Runs a job soon.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        eventLoop.execute { job.runSynchronously(on: executor) }
    }
}
