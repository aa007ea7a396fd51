import DistributedLocks
import DistributedLocksTesting
import Testing

@Suite("Conformance reports")
struct ReportTests {
    @Test("A report says of each check whether it passed, failed or was skipped, and why")
    func allOutcomes() async throws {
        let report = await StoreConformance.run {
            let clock = ManualClock()
            let store = ToyStore(.hidesTokens, clock: clock.leaseClock, expires: false)
            var fixture = StoreFixture(clock: clock) { store }
            fixture.rounds = 5
            return fixture
        }
        #expect(report.entries.count == StoreConformance.checks.count)
        #expect(report.failures.map(\.check) == ["status.holder"])
        let text = report.description
        #expect(text.contains("ok      order.fifo"))
        #expect(text.contains("skipped expiry.handsOver: the store's claims do not expire"))
        #expect(text.contains("FAILED  status.holder: promised: the status shows the holder's token; seen: nil"))
    }

    @Test("A fixture that cannot make a client is a failure, not a crash or a pass")
    func noClient() async throws {
        struct NoServer: Error {}
        let check = try #require(StoreConformance.checks.first)
        let failure = await #expect(throws: ConformanceFailure.self) {
            try await check.run(on: StoreFixture { throw NoServer() })
        }
        #expect(failure?.seen == "it threw NoServer()")
    }
}
