import Synchronization

/// The line on which a store tells that one grant is lost.
///
/// A store never calls into the core; it makes a signal with the grant and raises it when it learns of a loss. Raising it
/// twice, or before anyone listens, does no harm: the first reason counts and is kept.
public final class LossSignal: Sendable {
    private struct State {
        var reason: LossReason?
        var listener: (@Sendable (LossReason) -> Void)?
    }

    private let state = Mutex(State())

    /// Makes a signal that has not been raised.
    public init() {}

    /// Reports the loss. Callable from anywhere; returns at once.
    public func raise(_ reason: LossReason) {
        let listener = state.withLock { state -> (@Sendable (LossReason) -> Void)? in
            guard state.reason == nil else { return nil }
            state.reason = reason
            return state.listener.take()
        }
        listener?(reason)
    }

    /// Calls `listener` once, with the first reason, at once if it is known already.
    package func listen(_ listener: @escaping @Sendable (LossReason) -> Void) {
        let known = state.withLock { state -> LossReason? in
            if state.reason == nil { state.listener = listener }
            return state.reason
        }
        if let known { listener(known) }
    }
}
