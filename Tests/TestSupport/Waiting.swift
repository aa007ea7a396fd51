import Foundation

/// Something did not come to pass in time.
package struct TimedOut: Error, CustomStringConvertible {
    package let what: String

    package init(what: String) {
        self.what = what
    }

    package var description: String { "timed out waiting for \(what)" }
}

/// Waits until a condition holds; it is checked every few milliseconds.
///
/// - Parameters:
///   - what: What is waited for, for the message.
///   - limit: How long to wait at most.
///   - details: More for the message.
///   - condition: What has to hold.
/// - Throws: ``TimedOut``, what the condition throws, or a cancellation.
package func waitUntil(
    _ what: String,
    within limit: Duration = .seconds(20),
    details: () async -> String = { "" },
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !(try await condition()) {
        guard clock.now < deadline else { throw TimedOut(what: "\(what) \(await details())") }
        try await clock.sleep(for: .milliseconds(3))
    }
}

/// Runs something that blocks, on a thread of its own. A cancellation does not cut it short.
///
/// - Parameter work: What to run.
/// - Returns: Its result.
/// - Throws: What it throws.
package func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}
