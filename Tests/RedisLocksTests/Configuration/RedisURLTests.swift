import DistributedLocks
import NetworkSupport
import Testing

@testable import RedisLocks

@Suite("URLs of Redis servers")
struct RedisURLTests {
    static let local = RedisAddress.host("localhost", port: 6_379)

    /// A configuration with some things changed.
    static func configuration(
        _ addresses: [RedisAddress],
        _ change: (inout RedisConfiguration) -> Void = { _ in }
    ) -> RedisConfiguration {
        var configuration = RedisConfiguration(addresses: addresses)
        change(&configuration)
        return configuration
    }

    /// URLs, what they mean, and how they are written for another process, if that differs.
    static let good: [(url: String, meaning: RedisConfiguration, publicURL: String?)] = [
        ("redis://localhost:6379", configuration([local]), nil),
        ("redis://localhost", configuration([local]), "redis://localhost:6379"),
        ("REDIS://localhost/", configuration([local]), "redis://localhost:6379"),
        ("redis://db_1.example.org:1", configuration([.host("db_1.example.org", port: 1)]), nil),
        ("redis://[::1]:7000", configuration([.host("::1", port: 7_000)]), nil),
        ("redis://[fe80::1%25eth0]:7000", configuration([.host("fe80::1%eth0", port: 7_000)]), nil),
        ("redis://[::1]", configuration([.host("::1", port: 6_379)]), "redis://[::1]:6379"),
        ("redis://a:1,b:65535", configuration([.host("a", port: 1), .host("b", port: 65_535)]), nil),
        (
            "redis://a,[::1],10.0.0.1", configuration(["a", "::1", "10.0.0.1"].map { .host($0, port: 6_379) }),
            "redis://a:6379,[::1]:6379,10.0.0.1:6379"
        ),
        ("redis://localhost:6379/2", configuration([local]) { $0.database = 2 }, nil),
        ("redis://localhost:6379/2147483647", configuration([local]) { $0.database = 2_147_483_647 }, nil),
        ("rediss://localhost:6379", configuration([local]) { $0.tls = RedisTLS() }, nil),
        ("redis+unix:///run/redis.sock", configuration([.unixSocket("/run/redis.sock")]), nil),
        ("redis+unix:///run/a%20b.sock?db=1", configuration([.unixSocket("/run/a b.sock")]) { $0.database = 1 }, nil),
        (
            "unix:///run/redis.sock?db=0", configuration([.unixSocket("/run/redis.sock")]),
            "redis+unix:///run/redis.sock"
        ),
        (
            "redis://:p%40ss@localhost",
            configuration([local]) { $0.credentials = RedisCredentials(password: "p@ss") }, "redis://localhost:6379"
        ),
        (
            "redis://us%3Aer:p:w@localhost",
            configuration([local]) { $0.credentials = RedisCredentials(user: "us:er", password: "p:w") },
            "redis://us%3Aer@localhost:6379"
        ),
        (
            "redis+unix://:pw@/run/redis.sock?db=3",
            configuration([.unixSocket("/run/redis.sock")]) {
                $0.credentials = RedisCredentials(password: "pw")
                $0.database = 3
            }, "redis+unix:///run/redis.sock?db=3"
        ),
        (
            "redis://localhost:6379?prefix=app:%26&client-name=job-1&timeout=1500ms&connect-timeout=60s",
            configuration([local]) {
                $0.keyPrefix = "app:&"
                $0.clientName = "job-1"
                $0.requestTimeout = .milliseconds(1_500)
                $0.connectTimeout = .seconds(60)
            }, nil
        ),
        (
            "redis://localhost:6379?timeout=1.5m&connect-timeout=2&replicas=2&replica-timeout=300ms",
            configuration([local]) {
                $0.requestTimeout = .seconds(90)
                $0.connectTimeout = .seconds(2)
                $0.requiredReplicas = 2
                $0.replicaTimeout = .milliseconds(300)
            }, "redis://localhost:6379?timeout=90s&connect-timeout=2s&replicas=2&replica-timeout=300ms"
        ),
        (
            "rediss://localhost:6379?ca=/etc/ca.pem&cert=/a%20b&key=c&server-name=db.example.org",
            configuration([local]) {
                var tls = RedisTLS()
                tls.trustRoots = "/etc/ca.pem"
                tls.certificateChain = "/a b"
                tls.privateKey = "c"
                tls.serverName = "db.example.org"
                $0.tls = tls
            }, nil
        ),
        (
            "redis://u@localhost:6379?password-env=SECRET",
            configuration([local]) {
                $0.credentials = RedisCredentials(user: "u", password: "from the variable", source: .variable("SECRET"))
            }, nil
        ),
    ]

    private static func environment(_ name: String) -> String? { name == "SECRET" ? "from the variable" : nil }

    @Test("what they mean, and how they are passed on", arguments: good.indices)
    func meanings(_ index: Int) throws {
        let (url, meaning, publicURL) = Self.good[index]
        let configuration = try RedisConfiguration(
            url: url,
            fallbackPasswordVariable: nil,
            environment: Self.environment
        )
        #expect(configuration == meaning)
        #expect(configuration.publicURL == publicURL ?? url)
        guard configuration.credentials?.source != .given else { return }
        #expect(
            try RedisConfiguration(
                url: configuration.publicURL,
                fallbackPasswordVariable: nil,
                environment: Self.environment
            ) == meaning
        )
    }

    /// URLs that are none, and what the error says among other things.
    static let bad: [(url: String, says: String)] = [
        ("", "redis://host"), ("redis", "redis://host"), ("redis:localhost", "redis://host"),
        ("http://a", "redis://host"),
        ("redis:/a", "redis://host"), ("redis://", "no name"), ("redis:///1", "no name"), ("redis://:1", "no name"),
        ("redis://a,", "no name"), ("redis://a,,b", "no name"), ("redis://u:p@", "no name"),
        ("redis://?prefix=x", "no name"),
        ("redis://a:", "port"), ("redis://a:x", "port"), ("redis://a:0", "between 1 and 65535"),
        ("redis://a:65536", "between 1 and 65535"), ("redis://a:99999999999", "port"), ("redis://a:+1", "port"),
        ("redis://a:-1", "port"), ("redis://::1", "port"), ("redis://[::1", "port"), ("redis://[::1]1", "port"),
        ("redis://[::g]", "letters"), ("redis://[::1%25]", "letters"), ("redis://[a]:1", "brackets"),
        ("redis://a b", "letters"), ("redis://ä", "letters"), ("redis://a%00", "no name"), ("redis://a%2Fb", "letters"),
        ("redis://\(String(repeating: "a", count: 254))", "at most 253"), ("redis://a,a:6379", "more than once"),
        ("redis://a/x", "a number"), ("redis://a/1/2", "a number"), ("redis://a/-1", "a number"),
        ("redis://a/2147483648", "from 0 to"), ("redis://a/99999999999", "a number"),
        ("redis://a?db=1", "redis://host/2"),
        ("redis://a#x", "%23"), ("redis://a/1?prefix=a@b", "%40"), ("redis://u:a/b@c", "%2F"),
        ("redis://u:a?b@c", "%3F"),
        ("redis://u:a@b@c", "%40"), ("redis://a:b@c,d:e@f", "%40"), ("redis://@a", "no user"),
        ("redis://:@a", "password"),
        ("redis://u:@a", "password"), ("redis://u@a", "needs a password"), ("redis://u:%4@a", "%25"),
        ("redis://u:%zz@a", "%25"), ("redis://%ff:x@a", "%25"), ("redis://u:%00@a", "%25"),
        ("redis://u%20v:x@a", "user"),
        ("redis://a?", "unknown option"), ("redis://a?nonsense=1", "\"nonsense\""),
        ("redis://a?Prefix=1", "there are prefix"),
        ("redis://a?prefix", "is empty"), ("redis://a?prefix=", "is empty"), ("redis://a?prefix=a&", "unknown option"),
        ("redis://a?prefix=a&prefix=b", "twice"), ("redis://a?prefix=%4", "%25"),
        ("redis://a?prefix=\(String(repeating: "a", count: 257))", "at most 256"),
        ("redis://a?client-name=a%20b", "no spaces"),
        ("redis://a?client-name=%C3%A4", "ASCII"), ("redis://a?timeout=x", "timeout=x is no duration"),
        ("redis://a?timeout=0s", "between 1ms and 1d"), ("redis://a?timeout=2d", "between 1ms and 1d"),
        ("redis://a?connect-timeout=-1s", "no duration"), ("redis://a?replicas=-1", "replicas=1"),
        ("redis://a?replicas=1001", "from 0 to 1000"), ("redis://a?replicas=99999999999999999999", "replicas=1"),
        ("redis://a?replicas=1&timeout=1s", "shorter than timeout (1s)"), ("redis://a?ca=x", "rediss://"),
        ("redis://a?server-name=x", "rediss://"), ("rediss://a?cert=x", "private key"),
        ("rediss://a?key=x", "private key"),
        ("rediss://a?server-name=10.0.0.1", "no address"), ("rediss://a?server-name=a%20b", "no address"),
        ("redis://:p@a?password-env=A", "one password"), ("redis://a?password-env=A&password-file=b", "one password"),
        ("redis://a?password-env=UNSET", "UNSET"), ("redis://a?password-file=/nowhere/at/all", "/nowhere/at/all"),
        ("redis+unix://", "three slashes"), ("redis+unix:///", "three slashes"),
        ("redis+unix://run/redis.sock", "three slashes"),
        ("redis+unix:/run/redis.sock", "redis://host"), ("unix:///a%zz", "three slashes"),
        ("unix:///a?db=x", "a number"),
        ("unix:///\(String(repeating: "a", count: 103))", "at most 103"), ("unix:///a?ca=x", "rediss://"),
    ]

    @Test("what is none, and why", arguments: bad)
    func refusals(_ url: String, _ says: String) throws {
        let error = #expect(throws: LockError.self) {
            try RedisConfiguration(url: url, fallbackPasswordVariable: nil, environment: { _ in nil })
        }
        guard case .invalid(let message) = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(says))
    }

    @Test("what begins like one")
    func recognition() {
        for text in ["redis://a", "REDISS:x", "unix:", "redis+unix://"] { #expect(RedisConfiguration.recognizes(text)) }
        for text in ["redis", "/redis:", "http://redis", "file:///x", "", ":"] {
            #expect(!RedisConfiguration.recognizes(text))
        }
    }

    @Test("labels tell where it is, and nothing else")
    func labels() throws {
        func label(_ url: String) throws -> String {
            try RedisConfiguration(url: url, fallbackPasswordVariable: nil, environment: Self.environment).label
        }
        #expect(try label("redis://u:p@db1/2?prefix=x") == "redis://db1:6379/2")
        #expect(try label("rediss://db1,db2:7000?timeout=1s") == "rediss://db1:6379,db2:7000")
        #expect(try label("redis://u@[::1]?password-env=SECRET") == "redis://[::1]:6379")
        #expect(try label("unix://:p@/run/redis.sock?db=1&prefix=x") == "redis+unix:///run/redis.sock?db=1")
    }
}
