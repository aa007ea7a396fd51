import DistributedLocks
import NetworkSupport
import Testing

@testable import ZooKeeperLocks

@Suite struct ZooKeeperURLTests {
    static let local = ZooKeeperAddress(host: "localhost", port: 2_181)

    /// A configuration with some things changed.
    static func configuration(
        _ addresses: [ZooKeeperAddress],
        _ change: (inout ZooKeeperConfiguration) -> Void = { _ in }
    ) -> ZooKeeperConfiguration {
        var configuration = ZooKeeperConfiguration(addresses: addresses)
        change(&configuration)
        return configuration
    }

    /// URLs, what they mean, and how they are written for another process, if that differs.
    static let good: [(url: String, meaning: ZooKeeperConfiguration, publicURL: String?)] = [
        ("zookeeper://localhost:2181", configuration([local]), nil),
        ("zookeeper://localhost", configuration([local]), "zookeeper://localhost:2181"),
        ("ZooKeeper://localhost/", configuration([local]), "zookeeper://localhost:2181"),
        ("zookeeper://zk_1.example.org:1", configuration([.init(host: "zk_1.example.org", port: 1)]), nil),
        ("zookeeper://[::1]:7000", configuration([.init(host: "::1", port: 7_000)]), nil),
        ("zookeeper://[fe80::1%25eth0]:7000", configuration([.init(host: "fe80::1%eth0", port: 7_000)]), nil),
        (
            "zookeeper://a,[::1],10.0.0.1:65535",
            configuration([.init(host: "a"), .init(host: "::1"), .init(host: "10.0.0.1", port: 65_535)]),
            "zookeeper://a:2181,[::1]:2181,10.0.0.1:65535"
        ),
        ("zookeeper://localhost:2181/app", configuration([local]) { $0.chroot = "/app" }, nil),
        ("zookeeper://localhost:2181/app/locks", configuration([local]) { $0.chroot = "/app/locks" }, nil),
        (
            "zookeeper://localhost:2181/app/locks/", configuration([local]) { $0.chroot = "/app/locks" },
            "zookeeper://localhost:2181/app/locks"
        ),
        ("zookeeper://localhost:2181/a%20b%2C/%C3%BC%25", configuration([local]) { $0.chroot = "/a b,/ü%" }, nil),
        (
            "zookeeper://localhost:2181/zookeepers/..a/.b", configuration([local]) { $0.chroot = "/zookeepers/..a/.b" },
            nil
        ),
        (
            "zookeepers://a,b:1",
            configuration([.init(host: "a", port: 2_281), .init(host: "b", port: 1)]) { $0.tls = ZooKeeperTLS() },
            "zookeepers://a:2281,b:1"
        ),
        (
            "zookeeper://us%40er:p:w%2F@localhost/app",
            configuration([local]) {
                $0.credentials = ZooKeeperCredentials(user: "us@er", password: "p:w/")
                $0.chroot = "/app"
            }, "zookeeper://us%40er@localhost:2181/app"
        ),
        (
            "zookeeper://localhost:2181/app?session-timeout=30s&timeout=1500ms&naming=kazoo&names=paths",
            configuration([local]) {
                $0.chroot = "/app"
                $0.sessionTimeout = .seconds(30)
                $0.requestTimeout = .milliseconds(1_500)
                $0.naming = .kazoo
                $0.names = .paths
            }, nil
        ),
        ("zookeeper://localhost:2181?naming=both", configuration([local]) { $0.naming = .both }, nil),
        (
            "zookeeper://localhost:2181?naming=curator&names=escaped&acl=open&timeout=5&session-timeout=10000ms",
            configuration([local]), "zookeeper://localhost:2181"
        ),
        (
            "zookeeper://u@localhost:2181?acl=creator&password-env=SECRET",
            configuration([local]) {
                $0.credentials = ZooKeeperCredentials(user: "u", password: "from it", source: .variable("SECRET"))
                $0.access = .creator
            }, nil
        ),
        (
            "zookeepers://localhost:2181?acl=creator&ca=/etc/ca.pem&cert=/a%20b&key=c&server-name=zk.example.org",
            configuration([local]) {
                var tls = ZooKeeperTLS()
                tls.trustRoots = "/etc/ca.pem"
                tls.certificateChain = "/a b"
                tls.privateKey = "c"
                tls.serverName = "zk.example.org"
                $0.tls = tls
                $0.access = .creator
            }, nil
        ),
    ]

    private static func read(_ url: String) throws -> ZooKeeperConfiguration {
        try ZooKeeperConfiguration(url: url, fallbackPasswordVariable: nil) { $0 == "SECRET" ? "from it" : nil }
    }

    @Test(arguments: good.indices)
    func `A URL means what it says, and is passed on without its password`(_ index: Int) throws {
        let (url, meaning, publicURL) = Self.good[index]
        let configuration = try Self.read(url)
        #expect(configuration == meaning)
        #expect(configuration.publicURL == publicURL ?? url)
        guard configuration.credentials?.source != .given else { return }
        #expect(try Self.read(configuration.publicURL) == meaning)
    }

    /// URLs that are none, and what the error says among other things.
    static let bad: [(url: String, says: String)] = [
        ("", "zookeeper://host"), ("zookeeper", "zookeeper://host"), ("zookeeper:localhost", "zookeeper://host"),
        ("zookeeper:/a", "zookeeper://host"), ("zk://a", "zookeepers://host"), ("http://a", "zookeeper://host"),
        ("zookeeper://", "no name"), ("zookeeper:///app", "no name"), ("zookeeper://:1", "no name"),
        ("zookeeper://a,", "no name"), ("zookeeper://a,,b", "no name"), ("zookeeper://u:p@", "no name"),
        ("zookeeper://?naming=both", "no name"), ("zookeeper://a:", "zookeeper://host:2181"),
        ("zookeeper://a:x", "port"), ("zookeeper://a:0", "between 1 and 65535, usually 2181"),
        ("zookeeper://a:65536", "between 1 and 65535"), ("zookeeper://::1", "zookeeper://[::1]:2181"),
        ("zookeeper://[::1", "port"), ("zookeeper://[a]:1", "brackets"), ("zookeeper://a b", "letters"),
        ("zookeeper://a,a:2181", "more than once"), ("zookeeper://a/x,b", "host,host/path"),
        ("zookeeper://a:2181/x,b:2181/x", "host,host/path"),
        ("zookeeper://a//b", "empty parts"), ("zookeeper://a//", "empty parts"), ("zookeeper://a/b//", "empty parts"),
        ("zookeeper://a/.", "is ."), ("zookeeper://a/b/../c", "is ."), ("zookeeper://a/b%2F..", "is ."),
        ("zookeeper://a/b%0A", "control characters"), ("zookeeper://a/b%F0%9F%94%92", "emoji"),
        ("zookeeper://a/b%", "%25"), ("zookeeper://a/b%00", "not 00"), ("zookeeper://a/%FF", "%25"),
        ("zookeeper://a/zookeeper", "another path"), ("zookeeper://a/zookeeper/quota", "another path"),
        ("zookeeper://a/\(String(repeating: "a", count: 1_024))", "at most 1024"),
        ("zookeeper://a#x", "%23"), ("zookeeper://a/b@c", "%40"), ("zookeeper://u:a/b@c", "%2F"),
        ("zookeeper://u:a@b@c", "%40"), ("zookeeper://@a", "no user"), ("zookeeper://u:@a", "password"),
        ("zookeeper://:p@a", "needs a user"), ("zookeeper://u@a", "needs a password"), ("zookeeper://u:%4@a", "%25"),
        ("zookeeper://u%20v:x@a", "user"), ("zookeeper://u%3Av:x@a", "colon"),
        ("zookeeper://a?", "unknown option"), ("zookeeper://a?prefix=1", "there are session-timeout, timeout"),
        ("zookeeper://a?names", "is empty"), ("zookeeper://a?naming=both&naming=both", "twice"),
        ("zookeeper://a?naming=Curator", "naming=curator or naming=kazoo or naming=both"),
        ("zookeeper://a?names=path", "names=escaped or names=paths"),
        ("zookeeper://a?acl=all", "acl=open or acl=creator"),
        ("zookeeper://a?acl=creator", "somebody who authenticates"),
        ("zookeepers://a?acl=creator", "somebody who authenticates"),
        ("zookeeper://a?timeout=x", "timeout=x is no duration"), ("zookeeper://a?timeout=0s", "between 1ms and 1d"),
        ("zookeeper://a?timeout=2d", "between 1ms and 1d"), ("zookeeper://a?session-timeout=x", "no duration"),
        ("zookeeper://a?session-timeout=999ms", "between 1s and 1h"),
        ("zookeeper://a?session-timeout=61m", "between 1s and 1h"),
        ("zookeeper://a?ca=x", "zookeepers://"), ("zookeeper://a?server-name=x", "zookeepers://"),
        ("zookeepers://a?cert=x", "private key"), ("zookeepers://a?key=x", "private key"),
        ("zookeepers://a?server-name=10.0.0.1", "no address"),
        ("zookeeper://u:p@a?password-env=A", "one password"),
        ("zookeeper://u@a?password-env=A&password-file=b", "one password"),
        ("zookeeper://a?password-env=SECRET", "needs a user"), ("zookeeper://u@a?password-env=UNSET", "UNSET"),
        ("zookeeper://u@a?password-file=/nowhere/at/all", "/nowhere/at/all"),
    ]

    @Test(arguments: bad)
    func `What is wrong is refused, with what would be right`(_ url: String, _ says: String) throws {
        let error = #expect(throws: LockError.self) { try Self.read(url) }
        guard case .invalid(let message) = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(says), "\(message)")
    }

    @Test func `What begins like such a URL is recognized`() {
        for text in ["zookeeper://a", "ZOOKEEPERS:x", "zookeeper:"] { #expect(ZooKeeperConfiguration.recognizes(text)) }
        for text in ["zookeeper", "/zookeeper:", "zk://a", "http://zookeeper", "redis://a", "", ":"] {
            #expect(!ZooKeeperConfiguration.recognizes(text))
        }
    }

    @Test func `Labels tell where it is, and nothing else`() throws {
        #expect(try Self.read("zookeeper://u:p@a,b:1/app?naming=both").label == "zookeeper://a:2181,b:1/app")
        #expect(try Self.read("zookeepers://[::1]?timeout=1s").label == "zookeepers://[::1]:2281")
        #expect("\(try Self.read("zookeeper://u:p@a/a%20b"))" == "zookeeper://a:2181/a%20b")
    }
}
