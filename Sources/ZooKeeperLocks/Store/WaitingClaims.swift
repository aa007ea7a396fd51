import Synchronization

/// Who waits for a lock at this moment, and has to be told if the store is closed.
final class WaitingClaims: Sendable {
    private struct State {
        var next = 0
        var endings: [Int: @Sendable () -> Void] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Nobody waits.
    init() {}

    /// Somebody begins to wait.
    ///
    /// - Parameter end: Ends the wait; called once at the most.
    /// - Returns: What to pass to ``leave(_:)``.
    func enter(_ end: @escaping @Sendable () -> Void) -> Int {
        let (number, isClosed) = state.withLock { state in
            state.next += 1
            if !state.isClosed { state.endings[state.next] = end }
            return (state.next, state.isClosed)
        }
        if isClosed { end() }
        return number
    }

    /// Waits no more.
    func leave(_ number: Int) {
        state.withLock { state in _ = state.endings.removeValue(forKey: number) }
    }

    /// Ends all waits, for good.
    func close() {
        let endings = state.withLock { state in
            state.isClosed = true
            defer { state.endings = [:] }
            return state.endings.sorted { $0.key < $1.key }.map(\.value)
        }
        for end in endings { end() }
    }
}
