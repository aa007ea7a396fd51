import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Servers that cannot do their work, or are none")
struct RefusalTests {
    /// What the bare store says when somebody asks for a lock at a port, and how long that took.
    private func refusal(port: Int) async throws -> (error: LockError?, time: Duration) {
        let store = try RedisStore("redis://127.0.0.1:\(port)")
        let start = ContinuousClock.now
        let error = await LockError.thrown { try await store.acquire(FaultScene.request(.none)) }
        let time = ContinuousClock.now - start
        await store.close()
        return (error, time)
    }

    @Test("nobody listens: that is known at once")
    func wrongPort() async throws {
        let (error, time) = try await refusal(port: Descriptors.freePort())
        #expect(error?.kind == "unreachable" && "\(error as Any)".contains("refused"), "\(error as Any)")
        #expect(time < .seconds(4))
    }

    @Test("no Redis at all: that is known at once, and said")
    func noRedis() async throws {
        try await FakeServer.with(reply: "HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n") { port in
            let (error, time) = try await refusal(port: port)
            #expect(error?.kind == "unreachable" && "\(error as Any)".contains("not Redis protocol"), "\(error as Any)")
            #expect(time < .seconds(4))
        }
    }

    @Test("a server of long ago")
    func oldProtocol() async throws {
        try await FakeServer.with(reply: "-ERR unknown command 'HELLO'\r\n") { port in
            let (error, time) = try await refusal(port: port)
            #expect(error?.kind == "unsupported" && "\(error as Any)".contains("HELLO 3"), "\(error as Any)")
            #expect(time < .seconds(4))
        }
    }

    @Test("a server that takes connections and says nothing")
    func silence() async throws {
        try await FakeServer.with(reply: "") { port in
            let store = try FaultScene.makeStore(port: port)
            let error = await LockError.thrown { try await store.acquire(FaultScene.request()) }
            #expect(error?.kind == "unreachable")
            await store.close()
        }
    }

    @Test("a server that is loading its data: short waits wait, and then it works")
    func loading() async throws {
        try await FaultScene.with(
            .redis7,
            .init(persistence: .snapshots, arguments: ["--enable-debug-command", "local"])
        ) { scene in
            try await scene.server.command(["DEBUG", "POPULATE", "300", "key", "1500"])
            try await scene.server.command(["CONFIG", "SET", "rdbcompression", "no"])
            try await scene.server.command([
                "CONFIG", "SET", "key-load-delay", "10000", "loading-process-events-interval-bytes", "1024",
            ])
            let admin = try await scene.server.connect()
            try admin.send(["DEBUG", "RELOAD"])
            try await waitUntil("a server that is loading") { try await scene.server.info("loading") == "1" }
            let store = try FaultScene.makeStore(port: scene.server.port) { $0.requestTimeout = .seconds(1) }
            let error = await LockError.thrown { try await store.acquire(FaultScene.request()) }
            #expect(error?.kind == "unreachable" && "\(error as Any)".contains("LOADING"), "\(error as Any)")
            await store.close()
            let lease = try await scene.otherLock.acquire(timeout: .seconds(20))
            #expect(await lease.release() == .released)
            try await scene.server.command(["FLUSHALL"])
        }
    }

    @Test("a replica")
    func replica() async throws {
        try await TestRedisServer.with { primary in
            try await primary.withReplica { replica in
                let (error, _) = try await refusal(port: replica.port)
                #expect(
                    error?.kind == "unreachable" && "\(error as Any)".contains("read-only replica"),
                    "\(error as Any)"
                )
            }
        }
    }

    @Test("a primary that becomes a replica while a lock is held and waited for, then the other one takes over")
    func failover() async throws {
        try await FaultScene.with { scene in
            try await scene.server.withReplica { replica in
                let service = FaultScene.makeService(scene.store, ttl: .seconds(5))
                let lock = try service.lock(FaultScene.name)
                let lease = try await lock.acquire()
                let waiter = Task { try await lock.acquire(timeout: .seconds(20)) }
                try await scene.waitUntilQueued(1)
                try await replica.waitUntilCaughtUp(with: scene.server)
                try await replica.promote()
                try await scene.server.command(["REPLICAOF", "127.0.0.1", "\(replica.port)"])
                scene.proxy.redirect(to: replica)
                try await waitUntil("a beat on the new primary") {
                    try await replica.info("cmdstat_evalsha")?.isEmpty == false
                }
                // What was held and who waited has moved along.
                #expect(lease.state.lossReason == nil)
                #expect(await lease.release() == .released)
                let next = try await waiter.value
                #expect(next.fencingToken > lease.fencingToken)
                #expect(await next.release() == .released)
                try await waitUntil("an empty server") { try await replica.remainsOfLocks().isEmpty }
            }
        }
    }

    @Test("no memory: nobody gets a lock, but locks are given back")
    func outOfMemory() async throws {
        try await FaultScene.with { scene in
            let service = FaultScene.makeService(scene.store, ttl: .seconds(20))
            let (alone, wanted) = (
                try await service.lock("alone").acquire(), try await service.lock("wanted").acquire()
            )
            let waiter = Task { try await scene.other.lock("wanted").acquire(timeout: .seconds(20)) }
            try await scene.waitUntilQueued(1, name: "wanted")
            try await scene.server.command(["CONFIG", "SET", "maxmemory", "1"])
            let error = await LockError.thrown { try await service.lock("c").tryAcquire() }
            #expect(error?.kind == "storeFailed" && "\(error as Any)".contains("give it more"), "\(error as Any)")
            #expect(await alone.release() == .released)
            #expect(await wanted.release() == .released)
            let lease = try await waiter.value
            #expect(lease.fencingToken > wanted.fencingToken)
            #expect(await lease.release() == .released)
            #expect(try await scene.remains().isEmpty)
            try await scene.server.command(["CONFIG", "SET", "maxmemory", "0"])
            try await scene.expectHealthy()
        }
    }

    @Test("no room for another client")
    func maximumClients() async throws {
        try await FaultScene.with(isConnected: false) { scene in
            try await scene.server.command(["CONFIG", "SET", "maxclients", "4"])
            var others: [RedisConnection] = []
            for _ in 0..<4 { others.append(try await scene.server.connect()) }
            // What the server says can get lost, since it hangs up without having read anything.
            try await waitUntil("the reason") {
                let error = await LockError.thrown { try await scene.store.acquire(FaultScene.request(.none)) }
                #expect(error?.kind == "unreachable", "\(error as Any)")
                return "\(error as Any)".contains("max number of clients")
            }
            others.removeAll()
            try await scene.expectHealthy()
        }
    }

    @Test("a server that cannot save its data")
    func cannotSave() async throws {
        try await FaultScene.with(.redis7, .init(persistence: .snapshots)) { scene in
            let lease = try await scene.lock.acquire()
            try await scene.server.command(["CONFIG", "SET", "dbfilename", "no-such-file"])
            try await scene.server.breakSaving()
            let error = await LockError.thrown { try await scene.service.lock("b").tryAcquire() }
            #expect(error?.kind == "storeFailed" && "\(error as Any)".contains("cannot save"), "\(error as Any)")
            try await waitUntil("the loss") { lease.state.lossReason == .expired }
            try await scene.server.command(["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"])
            try await scene.expectHealthy(after: lease.fencingToken)
        }
    }
}
