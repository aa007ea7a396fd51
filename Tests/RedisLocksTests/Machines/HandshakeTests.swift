import DistributedLocks
import NIOCore
import Testing

@testable import RedisLocks

@Suite("The first commands on a connection")
struct HandshakeTests {
    private static func handshake(
        channel: String? = "dlock:1",
        _ change: (inout RedisConfiguration) -> Void = { _ in }
    ) throws -> Handshake {
        var configuration = try RedisConfiguration(url: "redis://127.0.0.1:6379")
        change(&configuration)
        return Handshake(configuration: configuration, channel: channel)
    }

    private static func hello(version: String = "7.0.15", mode: String = "standalone", role: String = "master")
        -> RESPValue
    {
        .map([
            .text("server"), .text("redis"), .text("version"), .text(version), .text("proto"), .integer(3), .text("id"),
            .integer(5), .text("mode"), .text(mode), .text("role"), .text(role), .text("modules"), .array([]),
        ])
    }

    private static let rest = [
        RESPValue.text("OK"), .push([.text("subscribe"), .text("dlock:1"), .integer(1)]), .integer(1),
    ]

    private static func refusal(_ replies: [RESPValue]) throws -> LockError? {
        let handshake = try handshake()
        return #expect(throws: LockError.self) { try handshake.evaluate(replies) }
    }

    @Test("only what is needed is sent")
    func steps() throws {
        #expect(try Self.handshake().steps == [.hello, .track, .subscribe, .probe])
        #expect(try Self.handshake(channel: nil).steps == [.hello])
        #expect(try Self.handshake { $0.database = 3 }.steps == [.hello, .select, .track, .subscribe, .probe])
    }

    @Test("a server that can be used")
    func good() throws {
        let profile = try Self.handshake().evaluate([Self.hello()] + Self.rest)
        #expect(profile.version == "7.0.15" && profile.mode == "standalone" && profile.role == "master")
        #expect(profile.tracksKeys)
    }

    @Test("a server that does not tell of changes is good enough")
    func noTracking() throws {
        var rest = Self.rest
        rest[0] = .error(RESPError(text: "NOPERM no"))
        #expect(try !Self.handshake().evaluate([Self.hello()] + rest).tracksKeys)
    }

    @Test(
        "versions",
        arguments: [
            ("6.2.0", true), ("6.2", true), ("6.1.9", false), ("5.0.14", false), ("10.0", true), ("9.1.2-rc1", true),
            ("", true),
            ("unknown", true), ("6", true), ("255.255.255", true),
        ]
    )
    func versions(_ version: String, _ isGood: Bool) throws {
        #expect((ServerProfile(hello: Self.hello(version: version)).objection == nil) == isGood)
    }

    @Test("servers that cannot keep locks say what to do")
    func objections() throws {
        let cases: [(RESPValue, String)] = [
            (Self.hello(mode: "sentinel"), "name the server that it watches"),
            (Self.hello(mode: "cluster"), "name a server that stands alone"),
            (Self.hello(version: "5.0.1"), "6.2 or later"),
        ]
        for (hello, advice) in cases {
            guard case .unsupported(_, let feature)? = try Self.refusal([hello] + Self.rest) else {
                Issue.record("\(advice)")
                continue
            }
            #expect(feature.contains(advice))
        }
        let replica = try Self.refusal([Self.hello(role: "replica")] + Self.rest)
        guard case .unreachable(_, "it is a read-only replica")? = replica else {
            Issue.record("\(replica as Any)")
            return
        }
    }

    @Test("what a server does not say stays empty")
    func oddHello() {
        let odd: [RESPValue] = [
            .null, .text("OK"), .array([]), .map([]), .map([.text("version")]), .map([.integer(1), .text("x")]),
            .map([.text("version"), .integer(7)]),
        ]
        for value in odd {
            #expect(ServerProfile(hello: value) == ServerProfile())
            #expect(ServerProfile(hello: value).objection == nil)
        }
    }

    @Test(
        "a server that knows no HELLO",
        arguments: [
            "ERR unknown command 'HELLO'", "ERR unknown command `HELLO`, with args",
            "NOPROTO unsupported protocol version",
        ]
    )
    func oldProtocol(_ text: String) throws {
        let error = try Self.refusal([.error(RESPError(text: text))] + Self.rest)
        guard case .unsupported(_, let feature)? = error else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(feature.contains("HELLO 3") && feature.contains("6.2"))
    }

    @Test("the first refusal counts")
    func refusals() throws {
        let denied = try Self.refusal([.error(RESPError(text: "WRONGPASS invalid username-password pair"))] + Self.rest)
        guard case .denied(_, let reason)? = denied else {
            Issue.record("\(denied as Any)")
            return
        }
        #expect(reason.contains("password is wrong"))
        for (index, step) in ["subscribe", "probe"].enumerated() {
            var rest = Self.rest
            rest[index + 1] = .error(RESPError(text: "NOPERM no such channel"))
            let error = try Self.refusal([Self.hello()] + rest)
            guard case .denied(_, let reason)? = error else {
                Issue.record("\(error as Any)")
                return
            }
            #expect(reason.contains(step) && reason.contains("no such channel"))
        }
    }
}
