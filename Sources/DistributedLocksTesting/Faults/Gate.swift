import Synchronization

/// Where calls are held up until somebody lets them go on.
final class Gate: Sendable {
    private enum Wait {
        case suspended(CheckedContinuation<Void, any Error>)
        case cancelled
    }

    private struct State {
        var waits: [UInt64: Wait] = [:]
        var nextNumber: UInt64 = 0
    }

    private let state = Mutex(State())

    /// How many are held up now.
    var count: Int {
        state.withLock { state in
            state.waits.values.count { if case .suspended = $0 { true } else { false } }
        }
    }

    /// Suspends until the gate is opened the next time; throws `CancellationError` at once on cancellation.
    func pass() async throws {
        let number = state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        defer { state.withLock { _ = $0.waits.removeValue(forKey: number) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state -> Bool in
                    if state.waits[number] != nil { return true }
                    state.waits[number] = .suspended(continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let wait = state.withLock { state in
                defer { state.waits[number] = .cancelled }
                return state.waits[number]
            }
            if case .suspended(let continuation) = wait { continuation.resume(throwing: CancellationError()) }
        }
    }

    /// Lets everybody go on who is held up now.
    func open() {
        let waits = state.withLock { state in
            defer { state.waits = state.waits.filter { if case .cancelled = $0.value { true } else { false } } }
            return state.waits.sorted { $0.key < $1.key }.map(\.value)
        }
        for case .suspended(let continuation) in waits { continuation.resume() }
    }
}
