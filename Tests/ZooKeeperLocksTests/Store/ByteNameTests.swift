import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Names that are not UTF-8.
@Suite(.timeLimit(.minutes(3))) struct ByteNameTests {
    @Test func `Names of any bytes are different locks, and come back as they are`() async throws {
        let server = try await SharedZooKeeper.server()
        let url = "zookeeper://127.0.0.1:\(server.port)\(SharedZooKeeper.freshPath())"
        let (own, other) = (LockService(try ZooKeeperStore(url)), LockService(try ZooKeeperStore(url)))
        let names = try [[0xFF], [0xFE], Array("%FF".utf8), [0xEF, 0xBF, 0xBD], [0x61, 0xC3], [0x2F, 0xFF]].map {
            try LockName(bytes: $0 as [UInt8])
        }
        var leases: [Lease] = []
        for name in names { leases.append(try await own.lock(name).acquire(timeout: .seconds(20))) }
        #expect(try await other.list().map(\.name.bytes) == names.sorted().map(\.bytes))
        for name in names {
            #expect(try await other.lock(name).tryAcquire() == nil)
            #expect(try await other.status(of: name).holders.count == 1)
        }
        for lease in leases { #expect(await lease.release() == .released) }
        await own.close()
        await other.close()
    }

    @Test func `Where names are paths, one that is not UTF-8 is refused before anything is sent`() async throws {
        let server = try await SharedZooKeeper.server()
        let store = try ZooKeeperStore("zookeeper://127.0.0.1:\(server.port)\(SharedZooKeeper.freshPath())?names=paths")
        let locks = LockService(store)
        let name = try LockName(bytes: [0x61, 0xFF])
        do {
            _ = try await locks.lock(name).acquire(timeout: .seconds(5))
            Issue.record("it was granted")
        } catch LockError.invalid(let reason) {
            #expect(reason.contains("UTF-8"))
        }
        #expect(store.traces.count == 0)
        await locks.close()
    }
}
