/// Every promise of `LockStore`, as checks that can be run on any store from any test framework, or from none.
///
/// With Swift Testing:
///
/// ```swift
/// @Test(arguments: StoreConformance.checks)
/// func conforms(to check: ConformanceCheck) async throws {
///     let outcome = try await check.run(on: StoreFixture { try await MyStore(server) })
///     if case .skipped(let reason) = outcome { try Test.cancel("\(reason)") }
/// }
/// ```
///
/// Anywhere else, ``run(on:)`` makes a report of all of them.
public enum StoreConformance {
    /// All checks; those that do not apply to a store skip themselves.
    public static let checks: [ConformanceCheck] =
        exclusion + order + handOver + tokens + repetition + cancellation + deadlines + release + deferredRelease
        + modes
        + names + status + forcedRelease + expiry + renewal + session + closing + services

    /// Runs all checks, one after the other.
    ///
    /// - Parameter makeFixture: Makes the fixture of one check.
    /// - Returns: How each of them ended.
    public static func run(
        on makeFixture: @Sendable () async throws -> StoreFixture
    ) async -> ConformanceReport {
        var entries: [ConformanceReport.Entry] = []
        for check in checks {
            entries.append(ConformanceReport.Entry(check: check, result: await result(of: check, on: makeFixture)))
        }
        return ConformanceReport(entries: entries)
    }

    private static func result(
        of check: ConformanceCheck,
        on makeFixture: @Sendable () async throws -> StoreFixture
    ) async -> Result<ConformanceOutcome, ConformanceFailure> {
        let fixture: StoreFixture
        do {
            fixture = try await makeFixture()
        } catch {
            let seen = "it threw \(error)"
            return .failure(ConformanceFailure(check: check.name, promised: "there is a fixture", seen: seen))
        }
        do throws(ConformanceFailure) {
            return .success(try await check.run(on: fixture))
        } catch {
            return .failure(error)
        }
    }
}
