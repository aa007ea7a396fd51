import Testing

@testable import DistributedLocks

/// Every error says what happened, to whom, and by whom.
@Suite struct LockErrorTests {
    static let held = UnixTime(microseconds: 0)
    static let later = UnixTime(microseconds: 60_000_000)
    static let web = Holder(host: "web-3", processID: 8_123)
    /// It waited for two minutes first: that is not how long it holds.
    static let nightly = Holder(
        host: "web-3",
        processID: 8_123,
        label: "nightly",
        waitingSince: UnixTime(microseconds: -120_000_000),
        heldSince: held
    )

    static func texts() throws -> [(LockError, String)] {
        let name = try LockName("orders/42")
        return [
            (.busy(name, Contention()), "\"orders/42\" is busy"),
            (.busy(name, Contention(holders: [web])), "\"orders/42\" is busy: held by web-3 (pid 8123)"),
            (.busy(name, Contention(ahead: 0)), "\"orders/42\" is busy"),
            (.busy(name, Contention(ahead: 3)), "\"orders/42\" is busy: 3 ahead in the queue"),
            (
                .timedOut(name, after: .seconds(5), Contention(holders: [web], ahead: 2)),
                "timed out after 5 s waiting for \"orders/42\": held by web-3 (pid 8123), 2 ahead in the queue"
            ),
            (
                .busy(name, Contention(holders: ["a", "b", "c", "d", "e"].map { Holder(host: $0) })),
                "\"orders/42\" is busy: held by a, b, c and 2 more"
            ),
            (
                .timedOut(name, after: .milliseconds(250), Contention(holders: [web], heldByCaller: .notReentrant)),
                "timed out after 250 ms waiting for \"orders/42\": this task holds it already, and re-entrancy is off "
                    + "(see LockOptions.reentrant)"
            ),
            (
                .busy(name, Contention(heldByCaller: .upgrade, observedAt: held)),
                "\"orders/42\" is busy: this task holds it as a reader, and a read lock cannot be upgraded: release it first"
            ),
            (
                .busy(name, Contention(holders: [nightly], observedAt: UnixTime(microseconds: 12_900_000))),
                "\"orders/42\" is busy: held by web-3 (pid 8123, nightly) for 12 s"
            ),
            (
                .busy(name, Contention(holders: [nightly, web], observedAt: UnixTime(microseconds: 400_000_000_000))),
                "\"orders/42\" is busy: held by web-3 (pid 8123, nightly) for 4 d, web-3 (pid 8123)"
            ),
            (.busy(name, Contention(holders: [nightly])), "\"orders/42\" is busy: held by web-3 (pid 8123, nightly)"),
            (
                .busy(name, Contention(holders: [nightly], observedAt: UnixTime(microseconds: -1))),
                "\"orders/42\" is busy: held by web-3 (pid 8123, nightly)"
            ),
            (
                .busy(name, Contention(holders: [Holder(host: "a", waitingSince: held)], observedAt: later)),
                "\"orders/42\" is busy: held by a"
            ),
            (.lost(name, .expired), "lost the lock \"orders/42\": its lease expired before a renewal was confirmed"),
            (.unreachable(store: "redis://db1", reason: "no route"), "redis://db1 cannot be reached: no route"),
            (.unsupported(store: "file:", feature: "semaphores"), "file: does not support semaphores"),
            (.denied(store: "redis://db1", reason: "NOPERM"), "redis://db1 denies access: NOPERM"),
            (.storeFailed(store: "file:", reason: "disk full"), "file: failed: disk full"),
            (.invalid("too long"), "too long"),
            (.closed(store: "memory:"), "memory: has been closed"),
        ]
    }

    @Test func descriptions() throws {
        for (error, text) in try Self.texts() {
            #expect(error.description == text)
            #expect("\(error as any Error)" == text, "also when it is met as any error")
        }
    }

    @Test("Every reason for a loss has words of its own")
    func reasons() {
        let reasons: [LossReason] = [.released, .expired, .heldTooLong, .revoked, .removed, .sessionEnded, .closed]
        #expect(Set(reasons.map(\.description)).count == reasons.count)
        #expect(reasons.allSatisfy { $0.description.contains(" ") })
    }

    @Test("How an acquire ended, for metrics and spans")
    func outcomes() throws {
        let name = try LockName("a")
        #expect(AcquireOutcome(CancellationError()) == .cancelled)
        #expect(AcquireOutcome(LockError.busy(name, Contention())) == .busy)
        #expect(AcquireOutcome(LockError.timedOut(name, after: .zero, Contention())) == .timedOut)
        #expect(AcquireOutcome(LockError.unreachable(store: "s", reason: "r")) == .unreachable)
        #expect(AcquireOutcome(LockError.denied(store: "s", reason: "r")) == .denied)
        #expect(AcquireOutcome(LockError.closed(store: "s")) == .failed)
    }
}
