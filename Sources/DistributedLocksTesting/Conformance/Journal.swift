import Synchronization

/// What a check is about to see, so that one that gets stuck can say where.
final class Journal: Sendable {
    let check: String
    private let present = Mutex("the check starts")
    private let failed = Mutex<ConformanceFailure?>(nil)

    init(check: String) {
        self.check = check
    }

    /// What is expected to happen now.
    var step: String {
        get { present.withLock { $0 } }
        set { present.withLock { $0 = newValue } }
    }

    /// What the check has found, should it get stuck while it clears away.
    var found: ConformanceFailure? {
        get { failed.withLock { $0 } }
        set { failed.withLock { $0 = newValue } }
    }

    func failure(promised: String, seen: String) -> ConformanceFailure {
        ConformanceFailure(check: check, promised: promised, seen: seen)
    }

    func stuck(after limit: Duration) -> ConformanceFailure {
        ConformanceFailure(check: check, promised: step, seen: "nothing of the kind within \(limit)", isStuck: true)
    }
}

/// The first of several results. Unlike a task group, it does not wait for the losers, which may be stuck.
final class Race<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var continuation: CheckedContinuation<Value, Never>?
    }

    private let state = Mutex(State())

    /// Offers a result; only the first one counts.
    func end(_ value: Value) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, Never>? in
            guard state.value == nil else { return nil }
            state.value = value
            return state.continuation.take()
        }
        continuation?.resume(returning: value)
    }

    /// Waits for the first result. To be called once.
    func winner() async -> Value {
        await withCheckedContinuation { continuation in
            let value = state.withLock { state -> Value? in
                if state.value == nil { state.continuation = continuation }
                return state.value
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}

/// What came in, in order; safe to use from several tasks.
final class Log<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }

    func append(_ element: Element) {
        elements.withLock { $0.append(element) }
    }
}
