import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Replicas that have to confirm")
struct ReplicationTests {
    /// A service that wants one replica to confirm, at the port of a server.
    private static func makeService(_ port: Int, ttl: Duration = .seconds(20)) throws -> LockService {
        var configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(port)")
        configuration.requiredReplicas = 1
        configuration.replicaTimeout = .milliseconds(300)
        var options = LockConfiguration()
        options.ttl = ttl
        return LockService(try RedisStore(configuration), configuration: options)
    }

    /// A replica that has only just got the data does not confirm yet.
    private static func waitUntilConfirming(_ primary: TestRedisServer) async throws {
        let connection = try await primary.connect()
        try await waitUntil("a replica that confirms") {
            _ = try await connection.command(["SET", "written", "1", "PX", "1"])
            return try await connection.command(["WAIT", "1", "100"]).number == 1
        }
    }

    @Test("what has been granted is known to the replica before anybody relies on it")
    func confirmed() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await Self.waitUntilConfirming(primary)
                let service = try Self.makeService(primary.port)
                for _ in 0..<20 {
                    let lease = try await service.lock("job").acquire()
                    #expect(try await replica.command(["GET", "job"]).text?.isEmpty == false)
                    // One that is handed over is, too.
                    let waiter = Task { try await service.lock("job").acquire() }
                    try await waitUntil("a waiter") { try await primary.waiterCount("job") == 1 }
                    #expect(await lease.release() == .released)
                    let next = try await waiter.value
                    #expect(next.fencingToken > lease.fencingToken)
                    let token = try await replica.command(["GET", "{job}:dlock:fence"]).text
                    #expect(token == "\(next.fencingToken)")
                    #expect(await next.release() == .released)
                }
                await service.close()
            }
        }
    }

    @Test("without a replica nothing is granted, and nothing remains")
    func none() async throws {
        try await TestRedisServer.with { primary in
            let service = try Self.makeService(primary.port)
            do {
                _ = try await service.lock("job").acquire()
                Issue.record("it was granted")
            } catch LockError.storeFailed(_, let reason) {
                #expect(reason.contains("0 of 1 required replicas"), "\(reason)")
            }
            try await waitUntil("nothing") { try await primary.command(["EXISTS", "job"]).number == 0 }
            await service.close()
        }
    }

    @Test("renewals that no replica confirms do not count: the lease is lost on time")
    func unconfirmed() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                try await Self.waitUntilConfirming(primary)
                let service = try Self.makeService(primary.port, ttl: .seconds(2))
                let lease = try await service.lock("job").acquire()
                try await replica.pause()
                try await waitUntil("doubt") {
                    if case .unconfirmed = lease.state { true } else { false }
                }
                try await waitUntil("the loss") { lease.state == .lost(.expired) }
                replica.resume()
                await lease.release()
                let next = try await service.lock("job").acquire(timeout: .seconds(20))
                #expect(next.fencingToken > lease.fencingToken)
                await service.close()
            }
        }
    }
}
