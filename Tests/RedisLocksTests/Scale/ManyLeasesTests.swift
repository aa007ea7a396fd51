import DistributedLocks
import Foundation
import TestSupport
import Testing

extension ScaleTests {
    @Suite("Thousands of leases")
    struct ManyLeasesTests {
        /// How many leases are held, and for how long.
        struct Load: Sendable, CustomTestStringConvertible {
            let count: Int
            let ttl: Duration
            let time: Duration

            var testDescription: String { "\(count) leases of \(ttl) for \(time)" }
        }

        private static let soaks = ProcessInfo.processInfo.environment["DLOCK_SOAK"] != nil
        private static let load =
            soaks
            ? Load(count: 10_000, ttl: .seconds(30), time: .seconds(60))
            : Load(count: 2_000, ttl: .seconds(3), time: .seconds(6))

        @Test("are renewed in time by one process", arguments: [load])
        func renewals(_ load: Load) async throws {
            try await TestRedisServer.with { server in
                try await Party.with(1, at: server.port) { parties in
                    let before = ProcessUse.now
                    let leases = try await acquire(load, parties[0])
                    let start = ProcessUse.now
                    let serverStart = try await serverUse(server)
                    try await ContinuousClock().sleep(for: load.time)
                    let end = ProcessUse.now
                    let serverEnd = try await serverUse(server)
                    #expect(leases.filter { $0.state != .held }.count == 0)
                    let seconds = load.time / .seconds(1)
                    print(
                        """
                        \(load.testDescription): \
                        \(Self.rounded((serverEnd.commands - serverStart.commands) / seconds)) commands per second, \
                        processor: we \(Self.rounded((end.processor - start.processor) / seconds * 100)) %, \
                        the server \(Self.rounded((serverEnd.processor - serverStart.processor) / seconds * 100)) %; \
                        memory: \((start.memory - before.memory) / load.count) bytes per lease
                        """
                    )
                    // Three renewals in the time of a lease, twenty and more of them in a request of two commands.
                    let renewals = Double(load.count) * (load.time / load.ttl) * 3
                    let limit = renewals / 10
                    #expect(serverEnd.commands - serverStart.commands < limit, "of \(renewals) renewals")
                    await releaseAll(leases)
                    #expect(leases.allSatisfy { $0.state == .lost(.released) })
                }
                #expect(try await server.command(["KEYS", "lease/*"]).items.isEmpty)
                try await server.expectNothingForEver()
            }
        }

        private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

        private func acquire(_ load: Load, _ party: Party) async throws -> [Lease] {
            try await withThrowingTaskGroup(of: Lease.self) { group in
                var leases: [Lease] = []
                for number in 0..<load.count {
                    if number >= 100, let lease = try await group.next() { leases.append(lease) }
                    group.addTask { try await party.acquire("lease/\(number)", ttl: load.ttl) }
                }
                for try await lease in group { leases.append(lease) }
                return leases
            }
        }

        private func releaseAll(_ leases: [Lease]) async {
            await withTaskGroup(of: Void.self) { group in
                for lease in leases { group.addTask { await lease.release() } }
            }
        }

        /// How many commands of clients a server has carried out, and how many seconds of processor time it has used.
        private func serverUse(_ server: TestRedisServer) async throws -> (commands: Double, processor: Double) {
            let commands = try await server.calls("evalsha") + server.calls("client|caching") + server.calls("mget")
            let user = try await server.info("used_cpu_user").flatMap { Double($0) } ?? 0
            let system = try await server.info("used_cpu_sys").flatMap { Double($0) } ?? 0
            return (Double(commands), user + system)
        }
    }
}
