import DistributedLocks
import TestSupport
import Testing

@testable import RedisLocks

/// Names that are not UTF-8.
@Suite struct ByteNameTests {
    @Test(arguments: ServerKind.allCases)
    func `Names of any bytes are different locks, and come back as they are`(_ kind: ServerKind) async throws {
        try await StoreScene.with(kind) { scene in
            let names = try [[0xFF], [0xFE], [0xEF, 0xBF, 0xBD], [0x61, 0xC3], [0x61, 0xC3, 0xA9], [0x00, 0xFF]].map {
                try LockName(bytes: $0 as [UInt8])
            }
            for name in names { _ = try await scene.take(try StoreScene.request(name), on: 0) }
            #expect(try await scene.stores[1].list().map(\.name.bytes) == names.sorted().map(\.bytes))
            for name in names {
                guard case .unavailable = try await scene.stores[1].acquire(StoreScene.request(name, patience: .none))
                else {
                    Issue.record("\(name.bytes) was free")
                    continue
                }
                #expect(try await scene.stores[1].status(of: name).holders.count == 1)
            }
            // The key is the bytes, as other programs would write them.
            #expect(try await scene.server.command(["EVAL", "return redis.call('EXISTS', '\\255')", "0"]).number == 1)
        }
    }

    @Test func `They are handed over, and their loss is told`() async throws {
        try await StoreScene.with { scene in
            let name = try LockName(bytes: [0x61, 0xFF, 0x62])
            let first = try StoreScene.request(name)
            let grant = try await scene.take(first, on: 0)
            let second = try StoreScene.request(name)
            let waiter = try await scene.queue(second, on: 1)
            #expect(try await scene.stores[0].release(first.claim) == .released)
            let next = try await waiter.value
            #expect(next.token > grant.token)
            let losses = Losses(of: next)
            // For so long that the server tells of changes: that message has the key in it.
            try await Task.sleep(for: .milliseconds(300))
            try await scene.server.command(["EVAL", "return redis.call('DEL', 'a\\255b')", "0"])
            try await waitUntil("the loss, without a renewal") { losses.all == [.removed] }
        }
    }

    @Test func `With a prefix they are found as well, and what only looks so is not`() async throws {
        try await TestRedisServer.with { server in
            var configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(server.port)")
            configuration.keyPrefix = "é:"
            let store = try RedisStore(configuration)
            let name = try LockName(bytes: [0xFF, 0x2A])
            _ = try await store.acquire(StoreScene.request(name))
            try await server.command(["EVAL", "redis.call('SET', 'e\\204\\129:x', 1, 'PX', 60000)", "0"])
            #expect(try await store.list().map(\.name.bytes) == [name.bytes])
            await store.close()
        }
    }
}
