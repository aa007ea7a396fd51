import DistributedLocks
import RedisLocks
import Synchronization
import Testing

@Suite("What other programs have locked", .timeLimit(.minutes(3)))
struct ExclusionTests {
    private static let key = "orders/42"

    /// Runs a body with a server and a store of ours.
    private func with(
        _ kind: ServerKind = .redis7,
        _ body: (TestRedisServer, RedisStore) async throws -> Void
    ) async throws {
        try await TestRedisServer.with(kind) { server in
            let store = try RedisStore("redis://127.0.0.1:\(server.port)")
            do {
                try await body(server, store)
                await store.close()
            } catch {
                await store.close()
                throw error
            }
        }
    }

    private func makeClaim() throws -> LockClaim {
        LockClaim(name: try LockName(Self.key), mode: .exclusive, owner: OwnerID(from: .system))
    }

    private func request(
        _ claim: LockClaim,
        _ patience: LockRequest.Patience,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) -> LockRequest {
        LockRequest(
            claim: claim,
            holder: Holder(label: "ours"),
            ttl: .seconds(30),
            patience: patience,
            onQueued: onQueued
        )
    }

    @Test(
        "is not taken over, renewed or released by us",
        arguments: ServerKind.allCases,
        ForeignLock.allCases
    )
    func untouched(_ kind: ServerKind, _ foreign: ForeignLock) async throws {
        try await with(kind) { server, store in
            let claim = try makeClaim()
            try await foreign.put(at: Self.key, besides: claim.owner, on: server)
            let before = try await KeySnapshot(Self.key, on: server)
            for patience in [LockRequest.Patience.none, .until(store.clock.now.advanced(by: .milliseconds(150)))] {
                guard case .unavailable(let contention) = try await store.acquire(request(claim, patience)) else {
                    Issue.record("\(foreign) was taken")
                    continue
                }
                #expect(contention.holders.count == 1)
            }
            let renewals = await store.renew([RenewalRequest(claim: claim, ttl: .seconds(600))])
            guard case .refused? = renewals.first else {
                Issue.record("\(renewals)")
                return
            }
            #expect(try await store.release(claim) == .notHeld)
            #expect(try await before.isKept(by: KeySnapshot(Self.key, on: server)))
        }
    }

    @Test(
        "is seen, and goes to our first waiter when it is released by force",
        arguments: ServerKind.allCases,
        ForeignLock.allCases
    )
    func force(_ kind: ServerKind, _ foreign: ForeignLock) async throws {
        try await with(kind) { server, store in
            let claims = [try makeClaim(), try makeClaim()]
            try await foreign.put(at: Self.key, besides: claims[0].owner, on: server)
            #expect(try await store.list().isEmpty, "nobody of ours has ever asked for it")
            #expect(try await store.status(of: claims[0].name).holders.count == 1)
            let first = Task { try await store.acquire(request(claims[0], .unlimited)) }
            try await waitUntil("a waiter") { try await store.status(of: claims[0].name).waiters.count == 1 }
            let second = Task { try await store.acquire(request(claims[1], .unlimited)) }
            try await waitUntil("another one") { try await store.status(of: claims[0].name).waiters.count == 2 }
            let listed = try await store.list()
            #expect(listed.map(\.name.text) == [Self.key])
            #expect(listed.first?.holders.count == 1)
            #expect(listed.first?.waiters.map(\.owner) == claims.map(\.owner))
            #expect(try await store.forceRelease(claims[0].name).count == 1)
            guard case .granted(let grant) = try await first.value else {
                Issue.record("the first waiter got nothing")
                return
            }
            #expect(grant.claim == claims[0])
            #expect(try await server.command(["GET", Self.key]).text?.hasPrefix("\(claims[0].owner) ") == true)
            #expect(try await store.status(of: claims[0].name).waiters.map(\.owner) == [claims[1].owner])
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
        }
    }

    @Test("goes to our first waiter when its program deletes it", arguments: ForeignLock.allCases)
    func deleted(_ foreign: ForeignLock) async throws {
        // What has our form is taken for ours, which hands over when it releases; nobody deletes that.
        guard foreign != .ofOurForm else { return }
        try await with { server, store in
            let claim = try makeClaim()
            try await foreign.put(at: Self.key, besides: claim.owner, on: server)
            let start = store.clock.now
            let waiter = Task { try await store.acquire(request(claim, .until(start.advanced(by: .seconds(25))))) }
            try await waitUntil("a waiter") { try await store.status(of: claim.name).waiters.count == 1 }
            // Long enough for the server to have been asked to tell of the key.
            try await Task.sleep(for: .milliseconds(300))
            try await server.command(["DEL", Self.key])
            guard case .granted = try await waiter.value else {
                Issue.record("the waiter got nothing")
                return
            }
            // Without being told, it would look again after a third of its lease: 9 s and more.
            #expect(start.duration(to: store.clock.now) < .seconds(7))
        }
    }

    @Test("in the place of a lock of ours, is left alone, and ours is lost", arguments: ForeignLock.allCases)
    func replaced(_ foreign: ForeignLock) async throws {
        try await with { server, store in
            let service = LockService(store)
            let lease = try await service.lock(Self.key).acquire()
            let text = try #require(try await server.command(["GET", Self.key]).text)
            let owner = try #require(OwnerID(text.prefix(32)))
            try await foreign.put(at: Self.key, besides: owner, on: server)
            let before = try await KeySnapshot(Self.key, on: server)
            try await waitUntil("the loss") { lease.state == .lost(.removed) }
            await lease.release()
            await service.drain()
            #expect(try await before.isKept(by: KeySnapshot(Self.key, on: server)))
            #expect(try await service.lock(Self.key).tryAcquire() == nil)
            #expect(try await before.isKept(by: KeySnapshot(Self.key, on: server)))
        }
    }

    @Test("a client that is late with its release does not delete our lock", arguments: PeerProcess.Program.allCases)
    func lateRelease(_ program: PeerProcess.Program) async throws {
        try await with { server, store in
            let service = LockService(store)
            let key = "lock:x"
            let late = try PeerProcess.hold(program, port: server.port, key: key)
            try await late.line("held")
            #expect(try await service.forceRelease(key).map(\.label) == ["another program's lock"])
            let lease = try #require(try await service.lock(key).tryAcquire())
            let before = try await KeySnapshot(key, on: server)
            late.send()
            do {
                try await late.finished()
                // redlock-ng does not mind.
                #expect(program == .redlockNG)
            } catch is ChildProgram.Failure {
                #expect(program != .redlockNG)
            }
            #expect(try await before.isKept(by: KeySnapshot(key, on: server)))
            try lease.checkHeld()
            await lease.release()
            #expect(try await server.command(["EXISTS", key]) == .integer(0))
        }
    }

    /// As RedLock.net extends: it makes the key again if it has gone.
    private static let extendOrMake = """
        local value = redis.call('GET', KEYS[1])
        if not value then
            return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) and 1
        end
        return value == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or -1
        """

    @Test("a client that makes its lock again when it extends it holds it, once we do not")
    func madeAgain() async throws {
        try await with { server, store in
            let service = LockService(store)
            let lock = try service.lock(Self.key)
            let extend = ["EVAL", Self.extendOrMake, "1", Self.key, "token", "60000"]
            let lease = try await lock.acquire()
            #expect(try await server.command(extend) == .integer(-1))
            try lease.checkHeld()
            await lease.release()
            #expect(try await server.command(extend) == .integer(1))
            let before = try await KeySnapshot(Self.key, on: server)
            #expect(try await lock.tryAcquire() == nil)
            #expect(try await service.status(of: Self.key).holders.map(\.holder.label) == ["another program's lock"])
            #expect(try await service.list().map(\.name.text) == [Self.key])
            let waiter = Task { try await lock.acquire(timeout: .seconds(25)).release() }
            try await waitUntil("a waiter") { try await service.status(of: Self.key).waiters.count == 1 }
            #expect(try await before.isKept(by: KeySnapshot(Self.key, on: server)))
            try await server.command(["DEL", Self.key])
            #expect(try await waiter.value == .released)
        }
    }
}
