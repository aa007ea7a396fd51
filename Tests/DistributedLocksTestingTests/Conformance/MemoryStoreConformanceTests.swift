import DistributedLocks
import DistributedLocksTesting
import Testing

@Suite("The memory store conforms")
struct MemoryStoreConformanceTests {
    @Test(arguments: StoreConformance.checks)
    func lastingClaims(_ check: ConformanceCheck) async throws {
        let store = MemoryStore()
        try await report(check.run(on: StoreFixture { store }))
    }

    @Test(arguments: StoreConformance.checks)
    func lastingClaimsUnderAManualClock(_ check: ConformanceCheck) async throws {
        let clock = ManualClock()
        let store = MemoryStore(clock: clock.leaseClock)
        try await report(check.run(on: StoreFixture(clock: clock) { store }))
    }

    @Test(arguments: StoreConformance.checks)
    func expiringClaims(_ check: ConformanceCheck) async throws {
        let store = MemoryStore(lifetime: .expiring(.milliseconds(100)...(.seconds(3_600))))
        var fixture = StoreFixture { store }
        fixture.shortTTL = .milliseconds(400)
        try await report(check.run(on: fixture))
    }

    @Test(arguments: StoreConformance.checks)
    func expiringClaimsUnderAManualClock(_ check: ConformanceCheck) async throws {
        let clock = ManualClock()
        let store = MemoryStore(clock: clock.leaseClock, lifetime: .expiring(.milliseconds(100)...(.seconds(3_600))))
        try await report(check.run(on: StoreFixture(clock: clock) { store }))
    }

    private func report(_ outcome: ConformanceOutcome) throws {
        if case .skipped(let reason) = outcome { try Test.cancel("\(reason)") }
    }
}
