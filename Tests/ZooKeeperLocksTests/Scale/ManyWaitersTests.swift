import DistributedLocks
import TestSupport
import Testing

extension ScaleTests {
    @Suite struct ManyWaitersTests {
        /// Those who wait for the lock `x` of a folder behind a proxy, and give it back as soon as they have it.
        private final class Line: Sendable {
            private struct State {
                var queued = 0
                var tokens: [Int64] = []
                var inside = 0
                var collisions = 0
            }

            private let state = Shared(State())

            /// Lets somebody wait.
            func join(_ service: LockService) -> Task<Void, any Error> {
                Task {
                    let lock = try service.lock("x")
                    let lease = try await lock.acquire { _ in self.state.withLock { $0.queued += 1 } }
                    self.state.withLock { state in
                        state.inside += 1
                        if state.inside > 1 { state.collisions += 1 }
                        state.tokens.append(Int64(lease.number))
                    }
                    self.state.withLock { $0.inside -= 1 }
                    await lease.release()
                }
            }

            /// How many have been told that they are queued: their watches are set.
            var queued: Int { state.withLock { $0.queued } }
            /// Who has had the lock, in the order in which they had it.
            var tokens: [Int64] { state.withLock { $0.tokens } }
            var collisions: Int { state.withLock { $0.collisions } }
        }

        /// Lets many wait in five sessions behind a proxy, while somebody else holds the lock.
        private func scene(
            waiters: Int,
            _ body: (ForeignScene, Line, [Task<Void, any Error>], _ holder: Lease) async throws -> Void
        ) async throws {
            let (server, folder) = (try await SharedZooKeeper.server(), SharedZooKeeper.freshPath())
            let (session, patience) = (Duration.seconds(30), Duration.seconds(30))
            try await ZooKeeperProxy.with(server) { proxy in
                try await OwnClients.with(
                    5,
                    at: proxy.address,
                    path: folder,
                    session: session,
                    requestTimeout: patience
                ) {
                    services in
                    try await OwnClients.with(1, at: server.address, path: folder, session: session) { other in
                        let scene = ForeignScene(
                            server: server,
                            proxy: proxy,
                            path: "\(folder)/x",
                            own: services[0],
                            other: other[0]
                        )
                        let holder = try await other[0].lock("x").acquire()
                        let line = Line()
                        let tasks = (0..<waiters).map { line.join(services[$0 % services.count]) }
                        try await waitUntil("all to queue", within: .seconds(60)) { line.queued == waiters }
                        try await body(scene, line, tasks, holder)
                        #expect(line.collisions == 0)
                        #expect(try await scene.isClean())
                    }
                }
            }
        }

        @Test func `Five hundred wait: all have their turns in their order, and each release wakes one`() async throws {
            try await scene(waiters: 500) { scene, line, tasks, holder in
                let order = try await scene.nodes().map(\.czxid).sorted()
                #expect(order.count == 501 && order.first == Int64(holder.number))
                scene.proxy.forget()
                let start = ContinuousClock.now
                await holder.release()
                for task in tasks { try await task.value }
                let time = start.duration(to: .now)
                #expect(line.tokens == Array(order.dropFirst()))
                let (counts, events) = (scene.proxy.counts, scene.proxy.events)
                print("500 hand-overs in \(time): \(counts.filter { $0.key != .ping }), \(events.count) events")
                // Whoever is woken looks once.
                #expect(counts[.getChildren] == 500)
                #expect(counts[.delete] == 500)
                // A lock that is held for long enough is watched by its holder as well, on a busy machine.
                #expect(events.allSatisfy { $0.event == 2 })
                #expect(events.count >= 500)
                #expect(events.count <= 500 + (counts[.getData] ?? 0))
            }
        }

        @Test func `A third of those who wait leave: the others have their turns in their order`() async throws {
            try await scene(waiters: 300) { scene, line, tasks, holder in
                scene.proxy.forget()
                for task in tasks.shuffled().prefix(100) { task.cancel() }
                try await waitUntil("their nodes to go", within: .seconds(60)) {
                    try await scene.nodes().count == 201
                }
                let order = try await scene.nodes().map(\.czxid).sorted()
                await holder.release()
                var left = 0
                for task in tasks {
                    do { try await task.value } catch is CancellationError { left += 1 }
                }
                #expect(left == 100)
                #expect(line.tokens == Array(order.dropFirst()))
                // Each node that goes is watched by one waiter at the most, and a holder's by the holder.
                let deletions = scene.proxy.events.reduce(into: [:]) { $0[$1.path, default: 0] += 1 }
                #expect(deletions.values.allSatisfy { $0 <= 2 })
                #expect(deletions.values.count { $0 == 2 } <= scene.proxy.counts[.getData] ?? 0)
            }
        }
    }
}
