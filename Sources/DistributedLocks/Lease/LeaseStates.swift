/// The states of a lease as they come; only the latest is kept for a reader that is slow.
public struct LeaseStates: AsyncSequence, Sendable {
    /// One state after the other; ends after the lease is over.
    public typealias Element = LeaseState

    let record: LeaseRecord
    let clock: LeaseClock

    /// Begins with the present state.
    public func makeAsyncIterator() -> AsyncStream<LeaseState>.Iterator {
        let (stream, continuation) = AsyncStream.makeStream(of: LeaseState.self, bufferingPolicy: .bufferingNewest(1))
        let number = record.observe(at: clock.now) { state in
            continuation.yield(state)
            if case .lost = state { continuation.finish() }
        }
        continuation.onTermination = { [weak record] _ in record?.stopObserving(number) }
        return stream.makeAsyncIterator()
    }
}
