import DistributedLocks
import TestSupport
import Testing
import ZooKeeperLocks

extension EnsembleTests {
    /// A connection is cut in the middle of something, and the client goes on with another server.
    @Suite struct AnotherServerTests {
        /// What gets lost.
        enum Cut: CaseIterable {
            /// The request: no server hears of it.
            case request
            /// The reply: the servers do what was asked for.
            case reply

            var action: ZooKeeperProxyRule.Action { self == .request ? .swallow : .cutBeforeReply }
        }

        /// Runs a body with a client whose next connection goes to another server.
        private func scene(
            _ naming: ZooKeeperNaming,
            _ body: (EnsembleScene, ZooKeeperProxy, _ own: LockService, _ other: LockService) async throws -> Void
        ) async throws {
            let scene = try EnsembleScene(try await SharedZooKeeper.ensemble())
            let servers = scene.ensemble.servers.shuffled()
            try await ZooKeeperProxy.with(servers[0]) { proxy in
                try await scene.with(at: proxy.address, session: .seconds(10), naming: naming) { own in
                    try await scene.with(at: servers[2].address, session: .seconds(10), naming: naming) { other in
                        try await scene.warmUp(own[0])
                        proxy.redirect(to: servers[1])
                        proxy.forget()
                        try await body(scene, proxy, own[0], other[0])
                        try await scene.expectHealthy([own[0], other[0]])
                    }
                }
            }
        }

        /// What makes the nodes of a claim.
        private static func creates(_ request: ProxiedRequest) -> Bool {
            [.create, .create2, .multi].contains(request.operation) && request.contains("lock")
        }

        @Test(arguments: ZooKeeperNaming.allCases, Cut.allCases)
        func `A claim is made, or its reply is lost: there is one of it in the end`(
            _ naming: ZooKeeperNaming,
            _ cut: Cut
        ) async throws {
            try await scene(naming) { scene, proxy, own, other in
                let rule = proxy.when(nil, cut.action, where: Self.creates)
                let stay = try await Stay.begin(own, scene, as: "own")
                try await rule.happened()
                #expect(proxy.counts[.handshake] != nil)
                let nodes = try await scene.nodes()
                #expect(Set(nodes.map(\.czxid)) == [Int64(stay.token)])
                #expect(nodes.count == (naming == .both ? 2 : 1))
                #expect(try await other.lock(EnsembleScene.name).tryAcquire() == nil)
                #expect(try await stay.end() == .released)
            }
        }

        @Test(arguments: ZooKeeperNaming.allCases, Cut.allCases)
        func `A claim is taken back, or the reply to that is lost: it is gone, and the next one has its turn`(
            _ naming: ZooKeeperNaming,
            _ cut: Cut
        ) async throws {
            try await scene(naming) { scene, proxy, own, other in
                let stay = try await Stay.begin(own, scene, as: "own")
                let next = Task { try await Stay.begin(other, scene, as: "next") }
                try await scene.waitFor(claims: 2)
                let rule = proxy.when(nil, cut.action) {
                    $0.operation == .delete || $0.operation == .multi && stay.lease.state != .held
                }
                #expect(try await stay.end() == .released)
                try await rule.happened()
                #expect(proxy.counts[.handshake] != nil)
                let second = try await next.value
                #expect(stay.token < second.token)
                #expect(Set(try await scene.nodes().map(\.czxid)) == [Int64(second.token)])
                try await second.end()
            }
        }

        @Test(arguments: [ZooKeeperOperation.getData, .getChildren], Cut.allCases)
        func `A client that looks around, or whose reply is lost, keeps its place, and is woken`(
            _ operation: ZooKeeperOperation,
            _ cut: Cut
        ) async throws {
            try await scene(.curator) { scene, proxy, own, other in
                let first = try await Stay.begin(other, scene, as: "first")
                let rule = proxy.when(operation, cut.action)
                let queued = Shared<Contention?>(nil)
                let next = Task {
                    try await Stay.begin(own, scene, as: "own") { contention in queued.withLock { $0 = contention } }
                }
                try await rule.happened()
                try await waitUntil("its place") { queued.withLock { $0 != nil } }
                let nodes = try await scene.nodes()
                #expect(nodes.count == 2)
                #expect(proxy.counts[.handshake] != nil)
                try await first.end()
                let second = try await next.value
                #expect(nodes.map(\.czxid).max() == Int64(second.token))
                try await second.end()
            }
        }

        @Test func `A watch is set again on another server, where its node may already be gone`() async throws {
            try await scene(.curator) { scene, proxy, own, other in
                let first = try await Stay.begin(other, scene, as: "first")
                let next = Task { try await Stay.begin(own, scene, as: "own") }
                try await scene.waitFor(claims: 2)
                let nodes = try await scene.nodes()
                proxy.refuse()
                proxy.cut()
                try await first.end()
                try await scene.waitFor(claims: 1)
                try proxy.accept()
                let second = try await next.value
                #expect(nodes.map(\.czxid).max() == Int64(second.token))
                try await second.end()
            }
        }
    }
}
