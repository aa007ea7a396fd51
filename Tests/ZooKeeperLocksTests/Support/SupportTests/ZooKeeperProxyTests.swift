import Glibc
import TestSupport
import Testing

/// What the proxy does to a client of somebody else.
@Suite(.timeLimit(.minutes(3))) struct ZooKeeperProxyTests {
    private typealias Failure = ZooKeeperInspector.Failure

    /// Runs something with a client behind a proxy, and another one that reaches the server directly.
    private func scene(
        _ body: (ZooKeeperProxy, _ client: ZooKeeperInspector, _ direct: ZooKeeperInspector, _ path: String)
            async throws
            -> Void
    ) async throws {
        let server = try await SharedZooKeeper.server()
        try await ZooKeeperProxy.with(server) { proxy in
            let client = try ZooKeeperInspector(proxy.address)
            try await body(proxy, client, try server.inspector(), SharedZooKeeper.freshPath())
        }
    }

    private static func isOpen(_ port: Int) -> Bool {
        guard let descriptor = try? Descriptors.connect(port) else { return false }
        close(descriptor)
        return true
    }

    @Test func `Requests, replies, events and sessions are counted`() async throws {
        try await scene { proxy, client, direct, path in
            try await client.create(path)
            let session = try await client.session()
            #expect(proxy.requests.map(\.operation).prefix(2) == [.handshake, .create])
            #expect(proxy.requests.first { $0.operation == .create }?.path == path)
            #expect(proxy.replies.map(\.operation).prefix(2) == [.handshake, .create])
            #expect(proxy.sessions.map(\.number) == [session])
            #expect(proxy.sessions.first?.timeout == 10_000)
            proxy.forget()
            #expect(try await client.node("\(path)/none") == nil)
            #expect(proxy.counts[.getData] == 1)
            #expect(proxy.replies.first { $0.operation == .getData }?.error == -101)
            try await client.watch(path)
            try await direct.delete(path)
            try await waitUntil("an event") { proxy.events.count == 1 }
            #expect(proxy.events.first?.path == path)
            #expect(proxy.events.first?.event == 2)
        }
    }

    @Test func `A session can be ended by who knows its password`() async throws {
        try await scene { proxy, client, direct, path in
            try await client.create(path, .ephemeral)
            let session = try #require(proxy.sessions.first)
            try await direct.end(session: session.number, password: session.password)
            #expect(try await direct.node(path) == nil)
            await #expect(throws: Failure(description: "SessionExpiredError")) {
                try await direct.end(session: session.number, password: session.password)
            }
        }
    }

    @Test(arguments: [true, false])
    func `A request is lost, or its reply`(isCarriedOut: Bool) async throws {
        try await scene { proxy, client, direct, path in
            _ = try await client.session()
            let rule = proxy.when(.create, isCarriedOut ? .cutBeforeReply : .swallow)
            await #expect(throws: Failure(description: "ConnectionLoss")) { try await client.create(path) }
            try await rule.happened()
            #expect(try await (direct.node(path) != nil) == isCarriedOut)
            #expect(try await (client.node(path) != nil) == isCarriedOut, "over another connection")
            // How many connections follow is a race of kazoo's, between coming back by itself and being replaced.
            #expect(rule.count == 1)
            #expect(proxy.requests.filter { $0.operation == .create }.map(\.connection) == [1])
            let reads = proxy.requests.filter { $0.operation == .getData }
            #expect(!reads.isEmpty && reads.allSatisfy { $0.connection > 1 })
        }
    }

    @Test func `A connection is cut behind a request, and in the middle of a reply`() async throws {
        try await scene { proxy, client, direct, path in
            _ = try await client.session()
            proxy.when(.create, .cutAfterRequest) { $0.path == path }
            await #expect(throws: Failure(description: "ConnectionLoss")) { try await client.create(path) }
            try await waitUntil("the node") { try await direct.node(path) != nil }
            let rule = proxy.when(.create, .cutReply(after: 10)) { $0.path == "\(path)/x" }
            _ = try await client.session()
            await #expect(throws: Failure(description: "ConnectionLoss")) { try await client.create("\(path)/x") }
            try await rule.happened()
        }
    }

    @Test func `The second request of its kind, and its reply, wait`() async throws {
        try await scene { proxy, client, direct, path in
            let rule = proxy.when(.create, nth: 2, .holdReply)
            try await client.create(path)
            async let second = client.create("\(path)/x")
            try await rule.happened()
            #expect(try await direct.node("\(path)/x") != nil)
            rule.letGo()
            #expect(try await second == "\(path)/x")

            let other = proxy.when(.create, .holdRequest)
            async let third = client.create("\(path)/y")
            try await other.happened()
            #expect(try await direct.node("\(path)/y") == nil)
            other.letGo()
            #expect(try await third == "\(path)/y")
        }
    }

    @Test(arguments: [ZooKeeperProxy.Direction.requests, .replies])
    func `A stalled connection goes on where it was`(_ direction: ZooKeeperProxy.Direction) async throws {
        try await scene { proxy, client, direct, path in
            _ = try await client.session()
            proxy.stall(direction)
            async let made = client.create(path)
            if direction == .replies { try await waitUntil("the node") { try await direct.node(path) != nil } }
            #expect(!proxy.replies.contains { $0.operation == .create })
            proxy.flow()
            #expect(try await made == path)
            #expect(proxy.acceptedCount == 1)
        }
    }

    @Test func `Connections are refused, and go to the servers in turn`() async throws {
        let first = try await SharedZooKeeper.server()
        try await TestZooKeeperServer.with { second in
            try await ZooKeeperProxy.with(first, second) { proxy in
                proxy.refuse()
                try await waitUntil("refusals") { !Self.isOpen(proxy.port) }
                try proxy.accept()
                let paths = ["/first", "/second"].map { $0 + SharedZooKeeper.freshPath().dropFirst() }
                for path in paths { try await ZooKeeperInspector(proxy.address).create(path) }
                #expect(try await first.inspector().node(paths[0]) != nil)
                #expect(try await second.inspector().node(paths[1]) != nil)
            }
        }
    }

    @Test func `A handshake is answered with another session`() async throws {
        try await scene { proxy, client, _, _ in
            let rule = proxy.when(.handshake, .answerSession(4711))
            let session = try await client.session()
            #expect(session == 4711)
            #expect(rule.count == 1)
        }
    }
}
