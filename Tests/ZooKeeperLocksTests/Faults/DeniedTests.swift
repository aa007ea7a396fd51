import DistributedLocks
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// Servers that do not let everybody do everything: whoever asks is told at once, and nobody is in anybody's way.
@Suite(.timeLimit(.minutes(3))) struct DeniedTests {
    private static let user = ZooKeeperCredentials(user: "ops", password: "s3cret")

    private func expectDenied(
        _ what: String,
        _ location: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Void
    ) async {
        let error = await #expect(throws: LockError.self, sourceLocation: location) { try await body() }
        #expect(error?.sort == "denied", "\(what)", sourceLocation: location)
        #expect(error?.description.contains("s3cret") == false, sourceLocation: location)
    }

    @Test(arguments: [nil, ZooKeeperCredentials(user: "ops", password: "wrong")], [ZooKeeperNaming.curator, .both])
    func `The node of the lock is somebody else's`(
        _ credentials: ZooKeeperCredentials?,
        _ naming: ZooKeeperNaming
    ) async throws {
        try await FaultScene.with(FaultScene.Options(naming: naming, credentials: credentials)) { scene in
            let path = scene.directory
            try await scene.server.inspector().protect(path, user: Self.user.user, password: Self.user.password)
            await expectDenied("patient") { _ = try await scene.lock.acquire() }
            await expectDenied("impatient") { _ = try await scene.lock.tryAcquire() }
            await expectDenied("limited") { _ = try await scene.lock.acquire(timeout: .seconds(20)) }
            await expectDenied("status") { _ = try await scene.service.status(of: FaultScene.name) }
            await expectDenied("force") { _ = try await scene.service.forceRelease(FaultScene.name) }
            // Nothing was made, and nothing is looked for.
            #expect(scene.store.traces.count == 0)
            #expect(scene.proxy.requests.count { [.create2, .multi].contains($0.operation) } == 3)
            // Other locks work, and this one for who may.
            let lease = try #require(try await scene.service.lock("b").tryAcquire())
            #expect(await lease.release() == .released)
            let options = FaultScene.Options(naming: naming, credentials: Self.user)
            let service = LockService(try FaultScene.makeStore(port: scene.server.port, scene.root, options))
            for _ in 0..<2 {
                let own = try #require(try await service.lock(FaultScene.name).tryAcquire())
                #expect(await own.release() == .released)
            }
            await service.close()
            #expect(scene.store.holdings.count == 0)
        }
    }

    @Test func `Nodes that are made for their creator only`() async throws {
        try await FaultScene.with(FaultScene.Options(hasDirectory: false)) { scene in
            var configuration = ZooKeeperConfiguration(
                addresses: [ZooKeeperAddress(host: "127.0.0.1", port: scene.server.port)]
            )
            configuration.chroot = scene.root
            configuration.credentials = Self.user
            configuration.access = .creator
            let services = try (0..<2).map { _ in LockService(try ZooKeeperStore(configuration)) }
            let lease = try await services[0].lock(FaultScene.name).acquire()
            await expectDenied("a stranger") { _ = try await scene.lock.acquire() }
            let waiter = try await scene.queue(services[1].lock(FaultScene.name))
            #expect(lease.state == .held)
            #expect(await lease.release() == .released)
            let next = try await waiter.value
            #expect(next.fencingToken > lease.fencingToken)
            #expect(await next.release() == .released)
            for service in services { await service.close() }
        }
    }

    @Test func `A holder who may not delete any more gives up its lock with the session`() async throws {
        try await FaultScene.with(FaultScene.Options(session: .seconds(2))) { scene in
            let next = LockService(
                try FaultScene.makeStore(
                    port: scene.server.port,
                    scene.root,
                    FaultScene.Options(credentials: Self.user)
                )
            )
            var configuration = LockConfiguration()
            configuration.releaseTimeout = .milliseconds(300)
            let service = LockService(scene.store, configuration: configuration)
            let lease = try await service.lock(FaultScene.name).acquire()
            let waiter = try await scene.queue(next.lock(FaultScene.name))
            let path = scene.directory
            try await scene.server.inspector().protect(path, user: Self.user.user, password: Self.user.password)
            #expect(await lease.release() == .pending)
            await service.close()
            let following = try await waiter.value
            #expect(following.fencingToken > lease.fencingToken)
            #expect(await following.release() == .released)
            // There is nothing else; it cannot be looked at.
            let last = try #require(try await next.lock(FaultScene.name).tryAcquire())
            await last.release()
            await next.close()
        }
    }

    /// Without the scheme, a server turns down credentials; or it wants some.
    @Test(arguments: [true, false])
    func `A server that does not take the credentials, or the lack of them`(_ hasCredentials: Bool) async throws {
        var options = TestZooKeeperServer.Options()
        if hasCredentials {
            options.properties["zookeeper.DigestAuthenticationProvider.enabled"] = "false"
        } else {
            options.properties["zookeeper.enforce.auth.enabled"] = "true"
            options.properties["zookeeper.enforce.auth.schemes"] = "digest"
        }
        try await TestZooKeeperServer.with(options) { server in
            let options = FaultScene.Options(credentials: hasCredentials ? Self.user : nil)
            let service = LockService(try FaultScene.makeStore(port: server.port, "/locks", options))
            await expectDenied("patient") { _ = try await service.lock("a").acquire() }
            await expectDenied("impatient") { _ = try await service.lock("a").tryAcquire() }
            await expectDenied("limited") { _ = try await service.lock("a").acquire(timeout: .seconds(20)) }
            await expectDenied("status") { _ = try await service.status(of: "a") }
            await service.close()
        }
    }
}
