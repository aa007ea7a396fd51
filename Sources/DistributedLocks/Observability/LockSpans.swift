import ServiceContextModule
import Tracing

/// The spans of a lock: `lock.acquire` around the wait, `lock.hold` from the grant until the lease is over.
enum LockSpans {
    static func startAcquire(_ claim: LockClaim, store: String, tracer: any Tracer) -> any Span {
        start("lock.acquire", claim, store: store, tracer: tracer, kind: .client)
    }

    static func startHold(_ claim: LockClaim, token: FencingToken, store: String, tracer: any Tracer) -> any Span {
        let span = start("lock.hold", claim, store: store, tracer: tracer, kind: .internal)
        if span.isRecording { span.attributes[LockMetadata.token] = "\(token)" }
        return span
    }

    /// Ends the span of an acquire.
    static func end(_ span: any Span, _ outcome: AcquireOutcome, error: (any Error)? = nil) {
        if span.isRecording { span.attributes[LockMetadata.outcome] = outcome.rawValue }
        if let error { span.recordError(error) }
        if outcome == .unreachable || outcome == .denied || outcome == .failed {
            span.setStatus(SpanStatus(code: .error))
        }
        span.end()
    }

    /// Ends the span of a hold.
    static func end(_ span: any Span, _ reason: LossReason) {
        if reason != .released {
            span.attributes[LockMetadata.reason] = "\(reason)"
            span.setStatus(SpanStatus(code: .error, message: reason.description))
        }
        span.end()
    }

    private static func start(
        _ operation: String,
        _ claim: LockClaim,
        store: String,
        tracer: any Tracer,
        kind: SpanKind
    ) -> any Span {
        let span = tracer.startSpan(operation, context: .current ?? .topLevel, ofKind: kind)
        guard span.isRecording else { return span }
        span.attributes[LockMetadata.name] = claim.name.text
        span.attributes[LockMetadata.mode] = claim.mode.kind.rawValue
        span.attributes[LockMetadata.store] = store
        return span
    }
}
