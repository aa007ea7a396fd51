import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import RedisLocks

@Suite("The Redis store conforms")
struct ConformanceTests {
    @Test(arguments: ServerKind.allCases, StoreConformance.checks)
    func conforms(_ kind: ServerKind, _ check: ConformanceCheck) async throws {
        try await TestRedisServer.with(kind) { server in
            var fixture = StoreFixture { try RedisStore("redis://127.0.0.1:\(server.port)") }
            fixture.shortTTL = .milliseconds(600)
            fixture.rounds = 20
            let outcome = try await check.run(on: fixture)
            if case .skipped(let reason) = outcome { try Test.cancel("\(reason)") }
        }
    }
}
