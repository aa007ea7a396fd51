import DistributedLocks
import RedisLocks
import TestSupport
import Testing

@Suite("What other programs have locked", .timeLimit(.minutes(3)))
struct ExclusionTests {
    @Test(
        "is not taken over, renewed or released by us",
        arguments: ServerKind.allCases,
        ForeignLock.allCases
    )
    func untouched(_ kind: ServerKind, _ foreign: ForeignLock) async throws {
        try await OwnStore.with(kind) { own in
            let claim = own.makeClaim()
            try await foreign.put(at: OwnStore.key, besides: claim.owner, on: own.server)
            let before = try await own.snapshot()
            for patience in [LockRequest.Patience.none, .until(own.store.clock.now.advanced(by: .milliseconds(150)))] {
                guard case .unavailable(let contention) = try await own.acquire(claim, patience: patience) else {
                    Issue.record("it was taken")
                    continue
                }
                #expect(contention.holders.count == 1)
            }
            let renewals = await own.store.renew([RenewalRequest(claim: claim, ttl: .seconds(600))])
            guard case .refused? = renewals.first else {
                Issue.record("\(renewals)")
                return
            }
            #expect(try await own.store.release(claim) == .notHeld)
            #expect(try await before.isKept(by: own.snapshot()))
        }
    }

    @Test(
        "is seen, and goes to our first waiter when it is released by force",
        arguments: ServerKind.allCases,
        ForeignLock.allCases
    )
    func force(_ kind: ServerKind, _ foreign: ForeignLock) async throws {
        try await OwnStore.with(kind) { own in
            let (store, claims) = (own.store, [own.makeClaim(), own.makeClaim()])
            try await foreign.put(at: OwnStore.key, besides: claims[0].owner, on: own.server)
            #expect(try await store.list().isEmpty, "nobody of ours has ever asked for it")
            #expect(try await store.status(of: own.name).holders.count == 1)
            let waiters = [try await own.wait(claims[0]), try await own.wait(claims[1])]
            let listed = try await store.list()
            #expect(listed.map(\.name) == [own.name])
            #expect(listed.first?.holders.count == 1)
            #expect(listed.first?.waiters.map(\.owner) == claims.map(\.owner))
            #expect(try await store.forceRelease(own.name, from: .any).count == 1)
            _ = try await waiters[0].value
            #expect(try await own.server.command(["GET", OwnStore.key]).text?.hasPrefix("\(claims[0].owner) ") == true)
            #expect(try await store.status(of: own.name).waiters.map(\.owner) == [claims[1].owner])
            waiters[1].cancel()
            await #expect(throws: CancellationError.self) { try await waiters[1].value }
        }
    }

    @Test("in the place of a lock of ours, is left alone, and ours is lost", arguments: ForeignLock.allCases)
    func replaced(_ foreign: ForeignLock) async throws {
        try await OwnStore.with { own in
            let (server, service) = (own.server, LockService(own.store))
            let lease = try await service.lock(OwnStore.key).acquire()
            let text = try #require(try await server.command(["GET", OwnStore.key]).text)
            let owner = try #require(OwnerID(text.prefix(32)))
            try await foreign.put(at: OwnStore.key, besides: owner, on: server)
            let before = try await own.snapshot()
            try await waitUntil("the loss") { lease.state == .lost(.removed) }
            await lease.release()
            await service.drain()
            let claim = LockClaim(name: own.name, mode: .exclusive, owner: owner)
            #expect(try await own.store.release(claim) == .notHeld)
            #expect(try await before.isKept(by: own.snapshot()))
            #expect(try await service.lock(OwnStore.key).tryAcquire() == nil)
            #expect(try await before.isKept(by: own.snapshot()))
        }
    }

    @Test("a client that is late with its release does not delete our lock", arguments: PeerProcess.Program.allCases)
    func lateRelease(_ program: PeerProcess.Program) async throws {
        try await OwnStore.with { own in
            let (server, service) = (own.server, LockService(own.store))
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
        try await OwnStore.with { own in
            let (server, service) = (own.server, LockService(own.store))
            let lock = try service.lock(OwnStore.key)
            let extend = ["EVAL", Self.extendOrMake, "1", OwnStore.key, "token", "60000"]
            let lease = try await lock.acquire()
            #expect(try await server.command(extend) == .integer(-1))
            try lease.checkHeld()
            await lease.release()
            #expect(try await server.command(extend) == .integer(1))
            let before = try await own.snapshot()
            #expect(try await lock.tryAcquire() == nil)
            #expect(
                try await service.status(of: OwnStore.key).holders.map(\.holder.label) == ["another program's lock"]
            )
            #expect(try await service.list().map(\.name.text) == [OwnStore.key])
            let waiter = Task { try await lock.acquire(timeout: .seconds(25)).release() }
            try await waitUntil("a waiter") { try await service.status(of: OwnStore.key).waiters.count == 1 }
            #expect(try await before.isKept(by: own.snapshot()))
            try await server.command(["DEL", OwnStore.key])
            #expect(try await waiter.value == .released)
        }
    }
}
