import DequeModule
import Foundation
import NIOCore
import Synchronization

/// An event loop that runs when a simulation lets it, on the thread that has made it.
final class SimulatedEventLoop: EventLoop {
    private let thread = ObjectIdentifier(Thread.current)
    private let tasks = Mutex<Deque<@Sendable () -> Void>>([])

    var inEventLoop: Bool { ObjectIdentifier(Thread.current) == thread }

    /// Whether there is nothing to do.
    var isIdle: Bool { tasks.withLock { $0.isEmpty } }

    /// Does what there was to do when it was called, in order.
    func turn() {
        let due = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in due { task() }
    }

    func execute(_ task: @escaping @Sendable () -> Void) {
        tasks.withLock { $0.append(task) }
    }

    /// Nothing here is done later: timers are on the clocks of the processes.
    func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        promise.fail(EventLoopError.unsupportedOperation)
        return Scheduled(promise: promise, cancellationTask: {})
    }

    func scheduleTask<T>(in time: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
        scheduleTask(deadline: .now() + time, task)
    }

    func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
        queue.async { callback(EventLoopError.unsupportedOperation) }
    }
}
