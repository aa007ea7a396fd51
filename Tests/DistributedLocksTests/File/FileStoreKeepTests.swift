import DistributedLocks
import Synchronization
import Testing

@Suite("A claim that is left to the file store")
struct FileStoreKeepTests {
    private let room: StoreRoom

    init() throws {
        room = try StoreRoom()
    }

    /// Clocks of a machine that can be moved, and restarted.
    private final class Machine: Sendable {
        private let state = Mutex((boot: UInt64(1), uptime: Int64(1_000_000), wall: WallClock.system.now.microseconds))

        func advance(by seconds: Int64) {
            state.withLock { state in
                state.uptime += seconds * 1_000_000
                state.wall += seconds * 1_000_000
            }
        }

        func setWall(by seconds: Int64) {
            state.withLock { $0.wall += seconds * 1_000_000 }
        }

        func restart() {
            state.withLock { state in
                state.boot += 1
                state.uptime = 0
            }
        }

        func clocks(_ configuration: inout FileStore.Configuration) {
            configuration.bootClock = BootClock { self.state.withLock { ($0.boot, $0.uptime) } }
            configuration.wallClock = WallClock { UnixTime(microseconds: self.state.withLock { $0.wall }) }
        }
    }

    @Test("stays locked after close, for as long as was asked, whatever the wall clock does, and is shown")
    func outlivesClose() async throws {
        let machine = Machine()
        let a = try room.store(machine.clocks)
        let kept = try claim("x")
        let lost = Collector<LossReason>()
        let grant = try await a.take(kept)
        grant.lossSignal?.listen { lost.add($0) }
        #expect(try await a.release(kept, after: .seconds(60)) == .released)
        #expect(try await a.release(kept, after: .seconds(60)) == .released, "idempotent")
        await a.close()
        #expect(lost.elements.isEmpty)
        let b = try room.store(machine.clocks)
        let status = try await b.status(of: kept.name)
        #expect(status.holders.map(\.owner) == [kept.owner] && status.holders[0].remaining == .seconds(60))
        #expect(status.holders[0].holder.host == "test" && status.holders[0].holder.heldSince != nil)
        machine.advance(by: 59)
        machine.setWall(by: 1_000_000)
        #expect(try await b.acquire(try claim("x"), .none).grant == nil)
        machine.advance(by: 1)
        #expect(try await b.take(try claim("x"), .none).token > grant.token)
        await b.close()
    }

    @Test("after a restart of the machine the wall clock counts")
    func outlivesRestart() async throws {
        let machine = Machine()
        let a = try room.store(machine.clocks)
        let kept = try claim("x")
        _ = try await a.take(kept)
        _ = try await a.release(kept, after: .seconds(60))
        await a.close()
        machine.restart()
        machine.setWall(by: 30)
        let b = try room.store(machine.clocks)
        #expect(try await b.status(of: kept.name).holders.map(\.remaining) == [.seconds(30)])
        #expect(try await b.acquire(try claim("x"), .none).grant == nil)
        machine.setWall(by: 31)
        _ = try await b.take(try claim("x"), .none)
        await b.close()
    }

    @Test("goes to those who wait when its time is over, by itself")
    func handsOn() async throws {
        try await room.withStores { a, b in
            let kept = try claim("x")
            _ = try await a.take(kept)
            let waiters = [try await b.queue(try claim("x")), try await a.queue(try claim("x"))]
            #expect(try await a.release(kept, after: .milliseconds(300)) == .released)
            #expect(try await b.status(of: kept.name).holders.map(\.owner) == [kept.owner])
            let grant = try #require(try await waiters[0].value.grant)
            _ = try await b.release(grant.claim)
            #expect(try await waiters[1].value.grant != nil)
        }
    }

    @Test("can be given back at once, and be cut off; nothing is kept of what is not held")
    func ended() async throws {
        try await room.withStores { a, b in
            let (one, two) = (try claim("x"), try claim("y"))
            #expect(try await a.release(one, after: .seconds(60)) == .notHeld)
            for claim in [one, two] {
                _ = try await a.take(claim)
                _ = try await a.release(claim, after: .seconds(60))
            }
            #expect(try await a.release(one) == .released)
            _ = try await b.take(try claim("x"), .none)
            #expect(try await b.forceRelease(two.name, from: .owner(two.owner)).count == 1)
            _ = try await b.take(try claim("y"), .none)
        }
    }
}
