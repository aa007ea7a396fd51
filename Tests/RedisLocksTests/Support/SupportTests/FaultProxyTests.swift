import TestSupport
import Testing

@Suite struct FaultProxyTests {
    /// Runs a server, a proxy before it, and a connection through the proxy.
    private func scene(
        _ body: (TestRedisServer, FaultProxy, RedisConnection) async throws -> Void
    ) async throws {
        try await TestRedisServer.with { server in
            try await FaultProxy.with(server) { proxy in
                try await body(server, proxy, try RedisConnection(port: proxy.port))
            }
        }
    }

    @Test("everything passes, and is counted")
    func passing() async throws {
        try await scene { server, proxy, connection async throws in
            let big = String(repeating: "x", count: 300_000)
            #expect(try await connection.command(["set", "x", big]) == .status("OK"))
            #expect(try await connection.command(["GET", "x"]).text == big)
            #expect(try await connection.command(["EVAL", "return {1, 'two', {}}", "0"]).items.count == 3)
            #expect(try await connection.command(["HELLO", "3"]).items.count >= 14)
            #expect(proxy.counts == ["SET": 1, "GET": 1, "EVAL": 1, "HELLO": 1])
            #expect(proxy.commands[2].contains("two"))
            proxy.forget()
            #expect(proxy.counts == [:])
        }
    }

    @Test("a request that is swallowed: the server never sees it, and earlier replies arrive")
    func swallow() async throws {
        try await scene { server, proxy, connection in
            let rule = proxy.when(.swallow) { $0.name == "SET" && $0.contains("lost") }
            try connection.send(["SET", "x", "1"])
            try connection.send(["SET", "x", "lost"])
            #expect(try await connection.receive() == .status("OK"))
            await #expect(throws: RedisConnection.Lost.self) { try await connection.receive() }
            try await rule.happened()
            #expect(try await server.command(["GET", "x"]).number == 1)
            #expect(try await RedisConnection(port: proxy.port).command(["SET", "x", "lost"]) == .status("OK"))
        }
    }

    @Test("a reply that gets lost: the server has done it")
    func cutBeforeReply() async throws {
        try await scene { server, proxy, connection in
            let rule = proxy.when(nth: 2, .cutBeforeReply) { $0.name == "INCR" }
            #expect(try await connection.command(["INCR", "x"]) == .integer(1))
            await #expect(throws: RedisConnection.Lost.self) { try await connection.command(["INCR", "x"]) }
            #expect(try await server.command(["GET", "x"]).number == 2)
            #expect(try await RedisConnection(port: proxy.port).command(["INCR", "x"]) == .integer(3))
            try await rule.happened()
            #expect(rule.count == 1)
        }
    }

    @Test("a reply that comes late")
    func holdReply() async throws {
        try await scene { server, proxy, connection in
            let rule = proxy.when(.holdReply) { $0.name == "INCR" }
            async let reply = connection.command(["INCR", "x"])
            try await rule.happened()
            #expect(try await server.command(["GET", "x"]).number == 1)
            let other = try RedisConnection(port: proxy.port)
            #expect(try await other.command(["INCR", "x"]) == .integer(2))
            rule.letGo()
            #expect(try await reply == .integer(1))
        }
    }

    @Test("a request that arrives when its client is long gone")
    func holdRequest() async throws {
        try await TestRedisServer.with { server in
            try await FaultProxy.with(server) { proxy in
                let rule = proxy.when(.holdRequest) { $0.name == "INCR" }
                var connection: RedisConnection? = try RedisConnection(port: proxy.port)
                try connection?.send(["INCR", "x"])
                try await rule.happened()
                connection = nil
                #expect(try await server.command(["GET", "x"]) == .null)
                rule.letGo()
                try await waitUntil("the late request") { try await server.command(["GET", "x"]).number == 1 }
            }
        }
    }

    @Test("held back in one direction, then let go")
    func stall() async throws {
        try await scene { server, proxy, connection in
            proxy.stall(.replies)
            async let reply = connection.command(["INCR", "x"])
            try await waitUntil("the request") { try await server.command(["GET", "x"]).number == 1 }
            proxy.flow()
            #expect(try await reply == .integer(1))
            proxy.stall(.requests)
            async let second = connection.command(["INCR", "x"])
            try await Task.sleep(for: .milliseconds(50))
            #expect(try await server.command(["GET", "x"]).number == 1)
            proxy.flow()
            #expect(try await second == .integer(2))
        }
    }

    @Test("cut connections, and refused ones")
    func cut() async throws {
        try await scene { server, proxy, connection in
            #expect(try await connection.command(["PING"]) == .status("PONG"))
            proxy.refuse()
            #expect(throws: Descriptors.Failure.self) { try RedisConnection(port: proxy.port) }
            #expect(try await connection.command(["PING"]) == .status("PONG"))
            proxy.cut()
            await #expect(throws: RedisConnection.Lost.self) { try await connection.command(["PING"]) }
            try proxy.accept()
            #expect(try await RedisConnection(port: proxy.port).command(["PING"]) == .status("PONG"))
            try await waitUntil("the connections' end") { proxy.connectionCount == 0 }
            #expect(proxy.acceptedCount == 2)
        }
    }

    @Test("a delay delays")
    func delay() async throws {
        try await scene { server, proxy, connection in
            proxy.delay(.replies, by: .milliseconds(100))
            let time = try await ContinuousClock().measure { _ = try await connection.command(["PING"]) }
            #expect(time >= .milliseconds(100))
        }
    }

    @Test("messages of subscriptions pass, and are nobody's replies", arguments: ["2", "3"])
    func subscriptions(_ version: String) async throws {
        try await scene { server, proxy, connection in
            _ = try await connection.command(["HELLO", version])
            let subscribed = try await connection.command(["SUBSCRIBE", "a", "b"])
            #expect(subscribed.items.first?.text == "subscribe")
            _ = try await connection.receive()
            let rule = proxy.when(.cutBeforeReply) { $0.name == "PING" }
            #expect(try await server.command(["PUBLISH", "a", "hello"]) == .integer(1))
            #expect(try await connection.receive().items.last?.text == "hello")
            await #expect(throws: RedisConnection.Lost.self) { try await connection.command(["PING"]) }
            try await rule.happened()
            #expect(rule.count == 1)
        }
    }

    @Test("a failover behind the same address")
    func redirect() async throws {
        try await scene { server, proxy, connection in
            _ = try await connection.command(["SET", "x", "1"])
            try await TestRedisServer.with { other async throws in
                proxy.redirect(to: other)
                #expect(try await connection.command(["GET", "x"]).number == 1)
                #expect(try await RedisConnection(port: proxy.port).command(["GET", "x"]) == .null)
            }
        }
    }
}
