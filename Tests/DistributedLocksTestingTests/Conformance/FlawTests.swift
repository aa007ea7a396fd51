import DistributedLocks
import DistributedLocksTesting
import Testing

@Suite("The suite finds what is wrong with a store")
struct FlawTests {
    @Test(arguments: StoreConformance.checks, [false, true])
    func nothingIsWrong(_ check: ConformanceCheck, expires: Bool) async throws {
        if case .skipped(let reason) = try await run(check, nil, expires: expires, limit: .seconds(30)) {
            try Test.cancel("\(reason)")
        }
    }

    @Test(arguments: Flaw.allCases)
    func somethingIsWrong(_ flaw: Flaw) async throws {
        let findings = flaw.seenBy.map { ($0, false) } + flaw.stuckIn.map { ($0, true) }
        #expect(!findings.isEmpty)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (name, isStuck) in findings {
                let check = try #require(StoreConformance.checks.first { $0.name == name })
                group.addTask {
                    let limit = isStuck ? Duration.seconds(1) : .seconds(30)
                    let failure = try await self.failure(of: check, flaw, limit: limit)
                    #expect(failure?.check == name)
                    #expect(failure?.isStuck == isStuck, "\(failure.map(String.init(describing:)) ?? "")")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("Each check fails for some store, but for the one that does not depend on the store")
    func nothingIsCheckedInVain() {
        let found = Set(Flaw.allCases.flatMap { $0.seenBy + $0.stuckIn })
        #expect(Set(StoreConformance.checks.map(\.name)).subtracting(found) == ["services.unsupported"])
        #expect(StoreConformance.checks.count == Set(StoreConformance.checks.map(\.name)).count)
    }

    /// How `check` fails for a store with `flaw`; `nil` if it does not.
    ///
    /// Checks bear a slow machine, and so can miss a flaw that is a matter of milliseconds while the machine is slow.
    private func failure(of check: ConformanceCheck, _ flaw: Flaw, limit: Duration) async throws -> ConformanceFailure?
    {
        for _ in 0..<10 {
            do {
                _ = try await run(check, flaw, expires: true, limit: limit)
            } catch let failure as ConformanceFailure {
                return failure
            }
        }
        return nil
    }

    private func run(
        _ check: ConformanceCheck,
        _ flaw: Flaw?,
        expires: Bool,
        limit: Duration
    ) async throws -> ConformanceOutcome {
        let clock = ManualClock()
        let store = ToyStore(flaw, clock: clock.leaseClock, expires: expires)
        var fixture = StoreFixture(clock: clock) { store }
        fixture.limit = limit
        return try await check.run(on: fixture)
    }
}
