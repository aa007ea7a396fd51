import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

@Suite struct StoreReviewTests {
    @Test func `A lock whose name looks like that of a contender is listed`() async throws {
        try await FakeStores.with { store, _ in
            for name in ["backup-lock-1", "x-1-2", "plain"] { _ = try await store.acquire(FakeStores.request(name)) }
            #expect(try await store.list().map(\.name.text) == ["backup-lock-1", "plain", "x-1-2"])
        }
    }

    @Test func `Whoever waited in vain is not told of, and its watches are not set again`() async throws {
        try await FakeStores.with { store, server in
            try await server.command { zooKeeper in
                for path in ["/locks", "/locks/a", "/locks/a/x-1-0000000000"] { try zooKeeper.create(path) }
                zooKeeper.setCounter("/locks/a", 1)
            }
            for _ in 0..<3 {
                let end = store.clock.now.advanced(by: .milliseconds(20))
                let outcome = try await store.acquire(FakeStores.request("a", patience: .until(end)))
                guard case .unavailable = outcome else { throw TimedOut(what: "the end of patience") }
            }
            let waiter = Task { try await store.acquire(FakeStores.request("a")) }
            try await waitUntil("a watch") { try await server.command { $0.requestCounts[.getData] ?? 0 } >= 4 }
            waiter.cancel()
            _ = await waiter.result
            try await server.command { $0.cutAll(of: 0) }
            let other = try LockName("b")
            try await waitUntil("another connection") { (try? await store.status(of: other)) != nil }
            #expect(try await server.command { $0.requestCounts[.setWatches] } == nil)
        }
    }

    @Test func `A release that cannot be sure of what it sees is not a success`() async throws {
        try await FakeStores.with { store, server in
            _ = try await store.acquire(FakeStores.request("a"))
            // The second claim is made, and nobody hears of it.
            try await server.command { $0.faults = [FakeFault(action: .mute, code: .create2)] }
            let request = try FakeStores.request("a")
            let waiter = Task { try await store.acquire(request) }
            try await waitUntil("the second node") {
                try await server.command { $0.head.node("/locks/a")?.children.count } == 2
            }
            waiter.cancel()
            _ = await waiter.result
            try await server.command { zooKeeper in
                zooKeeper.cutAll(of: 0)
                // Not the one that proves that the session lives.
                let fault = FakeFault(action: .fail(.throttled), code: .multi, path: "/locks/a", isWhole: true)
                zooKeeper.faults = [fault]
            }
            await #expect(throws: LockError.self) { try await store.release(request.claim) }
            #expect(try await store.release(request.claim) == .released)
            #expect(try await server.command { $0.head.node("/locks/a")?.children.count } == 1)
        }
    }

    @Test func `Whoever may not make the node that locks are below is told so as of any denial`() async throws {
        try await FakeStores.with { store, server in
            try await server.command {
                $0.faults = [FakeFault(action: .fail(.noAuth), code: .create2, path: "/locks", skip: 2)]
            }
            do {
                _ = try await store.acquire(FakeStores.request("a"))
                Issue.record("it was not denied")
            } catch LockError.denied {}
        }
    }
}
