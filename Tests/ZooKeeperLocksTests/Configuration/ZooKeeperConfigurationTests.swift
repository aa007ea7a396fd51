import DistributedLocks
import DistributedLocksTesting
import NetworkSupport
import Testing

@testable import ZooKeeperLocks

@Suite struct ZooKeeperConfigurationTests {
    @Test func `What is usual is valid`() throws {
        let usual = ZooKeeperConfiguration()
        try usual.validate()
        #expect(usual.publicURL == "zookeeper://localhost:2181")
        #expect(usual.sessionTimeout == .seconds(10))
        #expect(usual.naming == .curator && usual.names == .escaped && usual.access == .open)
        #expect(usual.limits.requestLength == 1_048_575)
    }

    @Test(
        arguments: [
            { $0.addresses = [] },
            { $0.addresses = [.init(host: "", port: 1)] },
            { $0.addresses = [.init(host: "a/b", port: 1)] },
            { $0.addresses = [.init(host: "a", port: 0)] },
            { $0.addresses = [.init(host: "a", port: 65_536)] },
            { $0.addresses = [.init(host: "a"), .init(host: "a")] },
            { $0.chroot = "/" },
            { $0.chroot = "app" },
            { $0.chroot = "/app/" },
            { $0.chroot = "/zookeeper" },
            { $0.credentials = ZooKeeperCredentials(user: "u", password: "") },
            { $0.credentials = ZooKeeperCredentials(user: "", password: "p") },
            { $0.credentials = ZooKeeperCredentials(user: "a b", password: "p") },
            { $0.credentials = ZooKeeperCredentials(user: "a:b", password: "p") },
            { $0.access = .creator },
            {
                $0.tls = ZooKeeperTLS()
                $0.tls?.trustRoots = ""
            },
            { $0.sessionTimeout = .milliseconds(999) },
            { $0.sessionTimeout = .seconds(3_601) },
            { $0.requestTimeout = .zero },
            { $0.requestTimeout = .seconds(86_401) },
            { $0.limits.outstandingRequests = 0 },
            { $0.limits.frameLength = 1_023 },
            { $0.limits.frameLength = 1 << 30 + 1 },
            { $0.limits.requestLength = 4_095 },
            { $0.limits.requestLength = 1 << 30 + 1 },
        ] as [@Sendable (inout ZooKeeperConfiguration) -> Void]
    )
    func `What cannot be is refused`(_ change: @Sendable (inout ZooKeeperConfiguration) -> Void) {
        var configuration = ZooKeeperConfiguration()
        change(&configuration)
        #expect(throws: LockError.self) { try configuration.validate() }
    }

    @Test func `The creator alone has access as soon as somebody authenticates`() throws {
        var configuration = ZooKeeperConfiguration()
        configuration.access = .creator
        configuration.credentials = ZooKeeperCredentials(user: "u", password: "p")
        try configuration.validate()
        configuration.credentials = nil
        configuration.tls = ZooKeeperTLS()
        #expect(throws: LockError.self) { try configuration.validate() }
        configuration.tls?.certificateChain = "c"
        configuration.tls?.privateKey = "k"
        try configuration.validate()
    }

    @Test(
        arguments: [1, 2, 3, 5, 7, 20],
        [Duration.seconds(1), .seconds(4), .seconds(10), .seconds(40), .seconds(3_600)]
    )
    func `Every address has its share of the time`(_ count: Int, _ sessionTimeout: Duration) {
        var configuration = ZooKeeperConfiguration(addresses: (1...count).map { .init(host: "a\($0)") })
        configuration.sessionTimeout = sessionTimeout
        let attempt = configuration.attemptTimeout
        #expect(attempt >= .milliseconds(500))
        if attempt > .milliseconds(500) {
            #expect(attempt * 2 <= sessionTimeout / 3)
            #expect(attempt * count < configuration.requestTimeout)
        }
        configuration.requestTimeout = .milliseconds(200)
        #expect(configuration.attemptTimeout <= .milliseconds(200))
        configuration.requestTimeout = .seconds(86_400)
        #expect(configuration.attemptTimeout <= max(sessionTimeout / 6, .milliseconds(500)))
    }

    @Test func `Addresses are written as in a URL`() {
        #expect("\(ZooKeeperAddress(host: "zk1"))" == "zk1:2181")
        #expect("\(ZooKeeperAddress(host: "::1", port: 1))" == "[::1]:1")
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func `Any configuration can be told to another process`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let configuration = Self.random(&random)
        try configuration.validate()
        let told = try ZooKeeperConfiguration(url: configuration.publicURL, fallbackPasswordVariable: nil) {
            $0 == "A=&ü" ? "p" : nil
        }
        #expect(told == configuration)
    }

    private static func random(_ random: inout SeededGenerator) -> ZooKeeperConfiguration {
        let hosts = ["a", "zk-1.example.org", "::1", "fe80::1%eth0", "10.0.0.1"].shuffled(using: &random)
        let count = Int.random(in: 1...3, using: &random)
        var configuration = ZooKeeperConfiguration(
            addresses: hosts.prefix(count).map { .init(host: $0, port: .random(in: 1...65_535, using: &random)) }
        )
        configuration.chroot = ["", "/a", "/a b&c=d/ü?#@%", "/[::]:,;/zookeeper"].randomElement(using: &random) ?? ""
        if Bool.random(using: &random) {
            configuration.credentials = ZooKeeperCredentials(user: "u@/ü", password: "p", source: .variable("A=&ü"))
            configuration.access = ZooKeeperAccess.allCases.randomElement(using: &random) ?? .open
        }
        if Bool.random(using: &random) {
            var tls = ZooKeeperTLS()
            tls.trustRoots = [nil, "a b&c=d", "ü/?#@%"].randomElement(using: &random) ?? nil
            if Bool.random(using: &random) { (tls.certificateChain, tls.privateKey) = ("/c%", "k") }
            if Bool.random(using: &random) { tls.serverName = "example.org" }
            configuration.tls = tls
        }
        let times: [Duration] = [.seconds(2), .milliseconds(1_700), .nanoseconds(1_001_234_567), .seconds(3_600)]
        configuration.sessionTimeout = times.randomElement(using: &random) ?? .seconds(1)
        configuration.requestTimeout = times.randomElement(using: &random) ?? .seconds(1)
        configuration.naming = ZooKeeperNaming.allCases.randomElement(using: &random) ?? .both
        configuration.names = ZooKeeperNames.allCases.randomElement(using: &random) ?? .paths
        return configuration
    }
}
