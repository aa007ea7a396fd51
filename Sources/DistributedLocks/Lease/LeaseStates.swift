import Synchronization

/// The states of a lease as they come; only the latest is kept for a reader that is slow.
public struct LeaseStates: AsyncSequence, Sendable {
    /// One state after the other; ends after the lease is over.
    public typealias Element = LeaseState

    let record: LeaseRecord
    let clock: LeaseClock

    /// Begins with the present state.
    public func makeAsyncIterator() -> AsyncStream<LeaseState>.Iterator {
        let (stream, continuation) = AsyncStream.makeStream(of: LeaseState.self, bufferingPolicy: .bufferingNewest(1))
        let turn = Mutex(())
        let number = record.observe(at: clock.now) { [weak record, clock] announced in
            // Two changes may be announced at the same time, in either order: what is told last must be the latest.
            turn.withLock { _ in
                let state = record?.state(at: clock.now) ?? announced
                continuation.yield(state)
                if case .lost = state { continuation.finish() }
            }
        }
        continuation.onTermination = { [weak record] _ in record?.stopObserving(number) }
        return stream.makeAsyncIterator()
    }
}
