import DistributedLocks
import DistributedLocksTesting
import NetworkSupport
import Testing

@testable import RedisLocks

@Suite("The configuration of Redis")
struct RedisConfigurationTests {
    @Test("what is usual is valid")
    func usual() throws {
        try RedisConfiguration().validate()
        #expect(RedisConfiguration().publicURL == "redis://localhost:6379")
    }

    @Test(
        "what cannot be is refused",
        arguments: [
            { $0.addresses = [] },
            { $0.addresses = [.host("", port: 1)] },
            { $0.addresses = [.host("a/b", port: 1)] },
            { $0.addresses = [.host("a", port: 0)] },
            { $0.addresses = [.host("a", port: 65_536)] },
            { $0.addresses = [.host("a", port: 1), .host("a", port: 1)] },
            { $0.addresses = [.unixSocket("relative")] },
            { $0.addresses = [.unixSocket("/a"), .unixSocket("/b")] },
            { $0.addresses = [.unixSocket("/a"), .host("a", port: 1)] },
            {
                $0.addresses = [.unixSocket("/a")]
                $0.tls = RedisTLS()
            },
            { $0.credentials = RedisCredentials(password: "") },
            { $0.credentials = RedisCredentials(user: "", password: "p") },
            { $0.credentials = RedisCredentials(user: "a b", password: "p") },
            { $0.database = -1 },
            { $0.database = Int(Int32.max) + 1 },
            { $0.clientName = "" },
            { $0.clientName = "a\n" },
            { $0.clientName = String(repeating: "a", count: 257) },
            { $0.keyPrefix = String(repeating: "a", count: 257) },
            { $0.connectTimeout = .zero },
            { $0.requestTimeout = .seconds(-1) },
            { $0.replicaTimeout = .microseconds(999) },
            { $0.requestTimeout = .seconds(86_401) },
            { $0.requiredReplicas = -1 },
            {
                $0.requiredReplicas = 1
                $0.replicaTimeout = .seconds(5)
            },
            { $0.limits.outstandingRequests = 0 },
            { $0.limits.replyBytes = 1_023 },
            { $0.limits.replyBytes = 1 << 30 + 1 },
        ] as [@Sendable (inout RedisConfiguration) -> Void]
    )
    func refused(_ change: @Sendable (inout RedisConfiguration) -> Void) {
        var configuration = RedisConfiguration()
        change(&configuration)
        #expect(throws: LockError.self) { try configuration.validate() }
    }

    @Test(
        "addresses as they are written",
        arguments: [
            (RedisAddress.host("db1", port: 6_379), "db1:6379"), (.host("::1", port: 1), "[::1]:1"),
            (.unixSocket("/run/redis.sock"), "/run/redis.sock"),
        ]
    )
    func addresses(_ address: RedisAddress, _ text: String) {
        #expect("\(address)" == text)
    }

    @Test("any configuration can be told to another process", arguments: 0..<500 as Range<UInt64>)
    func publicURLs(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let configuration = Self.random(&random)
        try configuration.validate()
        let environment: (String) -> String? = { $0 == "A=&ü" ? "p" : nil }
        #expect(
            try RedisConfiguration(
                url: configuration.publicURL,
                fallbackPasswordVariable: nil,
                environment: environment
            ) == configuration
        )
    }

    private static func random(_ random: inout SeededGenerator) -> RedisConfiguration {
        let text = ["plain", "a b&c=d", "ü/?#@%", "[::]:,"]
        let times: [Duration] = [.seconds(2), .milliseconds(1_700), .nanoseconds(1_234_567), .seconds(86_400)]
        var configuration = RedisConfiguration(addresses: [
            .unixSocket("/run/" + (text.randomElement(using: &random) ?? ""))
        ])
        if Bool.random(using: &random) {
            let hosts = ["a", "db-1.example.org", "::1", "fe80::1%eth0", "10.0.0.1"]
            let count = Int.random(in: 1...3, using: &random)
            configuration.addresses = hosts.shuffled(using: &random).prefix(count).map {
                .host($0, port: Int.random(in: 1...65_535, using: &random))
            }
            if Bool.random(using: &random) {
                var tls = RedisTLS()
                tls.trustRoots = text.randomElement(using: &random)
                if Bool.random(using: &random) { (tls.certificateChain, tls.privateKey) = ("/c%", "k") }
                if Bool.random(using: &random) { tls.serverName = "example.org" }
                configuration.tls = tls
            }
        }
        if Bool.random(using: &random) {
            let user = Bool.random(using: &random) ? "u:@/ü" : nil
            configuration.credentials = RedisCredentials(user: user, password: "p", source: .variable("A=&ü"))
        }
        configuration.database = Bool.random(using: &random) ? 0 : 5
        configuration.keyPrefix = Bool.random(using: &random) ? "" : text.randomElement(using: &random) ?? ""
        configuration.clientName = Bool.random(using: &random) ? "dlock" : "a&b=c"
        configuration.connectTimeout = times.randomElement(using: &random) ?? .seconds(1)
        configuration.requestTimeout = times.randomElement(using: &random) ?? .seconds(1)
        configuration.requiredReplicas = Bool.random(using: &random) ? 0 : 2
        configuration.replicaTimeout = .nanoseconds(1_000_001)
        return configuration
    }
}
