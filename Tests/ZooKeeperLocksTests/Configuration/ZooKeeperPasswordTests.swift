import DistributedLocks
import DistributedLocksTesting
import NetworkSupport
import TestSupport
import Testing

@testable import ZooKeeperLocks

@Suite struct ZooKeeperPasswordTests {
    private static func read(_ url: String, _ variables: [String: String] = [:]) throws -> ZooKeeperConfiguration {
        try ZooKeeperConfiguration(url: url, fallbackPasswordVariable: "USUAL") { variables[$0] }
    }

    @Test func `The password is in the URL, a file, a variable that is named, or the usual one`() throws {
        let file = try TemporaryFolder()
        let path = try file.file("password", "secret\nmore\n")
        let variables = ["USUAL": "p", "X": "q"]
        func credentials(_ url: String) throws -> ZooKeeperCredentials? { try Self.read(url, variables).credentials }
        #expect(try credentials("zookeeper://u:s@a") == ZooKeeperCredentials(user: "u", password: "s"))
        #expect(
            try credentials("zookeeper://u@a?password-file=\(path)")
                == ZooKeeperCredentials(user: "u", password: "secret", source: .file(path))
        )
        #expect(
            try credentials("zookeeper://u@a?password-env=X")
                == ZooKeeperCredentials(user: "u", password: "q", source: .variable("X"))
        )
        #expect(
            try credentials("zookeeper://u@a") == ZooKeeperCredentials(user: "u", password: "p", source: .fallback)
        )
    }

    @Test func `The usual variable says nothing about servers whose URL names no user`() throws {
        #expect(try Self.read("zookeeper://a", ["USUAL": "p"]).credentials == nil)
        #expect(try Self.read("zookeeper://a").credentials == nil)
    }

    @Test func `A user without a password is told where it can be`() {
        let error = #expect(throws: LockError.self) { try Self.read("zookeeper://u@a", ["USUAL": ""]) }
        #expect(error?.description.contains("or set USUAL") == true)
    }

    @Test func `Only a password in the URL is called a written one`() throws {
        #expect(try Self.read("zookeeper://u:p@a").hasWrittenPassword)
        #expect(try !Self.read("zookeeper://u@a", ["USUAL": "p"]).hasWrittenPassword)
        #expect(try !Self.read("zookeeper://u@a?password-env=X", ["X": "p"]).hasWrittenPassword)
        #expect(try !Self.read("zookeeper://a").hasWrittenPassword)
    }

    @Test func `Credentials show the user`() {
        let credentials = ZooKeeperCredentials(user: "deploy", password: "sesame")
        #expect("\(credentials)" == "deploy (password not shown)")
        #expect(!Secret.shown(credentials).contains("sesame"))
    }

    /// What is around a password, right and wrong.
    static let shapes = [
        "zookeeper://user:_@host", "zookeeper://user:_@host:1,b/app?naming=both", "zookeepers://user:_@a,b",
        "zookeeper://:_@host", "zookeeper://user:_", "zookeeper://:_", "zookeeper://_", "zookeeper://_@host",
        "zookeeper:user:_@host", "zookeeper:/user:_@host", "_", "_@host", "user:_@host", "zookeeper://user:_@",
        "zookeeper://user:_@host:x", "zookeeper://user:_@host/a//b", "zookeeper://user:_@host/zookeeper",
        "zookeeper://user:_@host?x=1", "zookeeper://user:_@host?timeout=x", "zookeeper://user:_@ho st",
        "zookeeper://user:_@a,b:x", "zookeeper://user:_@a,user:_@b", "zookeeper://user:_@host?naming=",
        "zookeeper://user:_@host?acl=creator&ca=x", "zookeeper://user:_@host?password-env=NONE",
        "zookeeper://u u:_@host", "zookeeper://%zz:_@host", "zookeeper://[user:_@host", "zookeeper://user:_@host#x",
        "http://user:_@host",
    ]

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `Nothing that is said or shown has the password in it`(_ chunk: UInt64) async {
        var random = SeededGenerator(seed: chunk)
        var (read, refused) = (0, 0)
        for _ in 0..<20 {
            await Task.yield()
            let secret = Secret.random(using: &random)
            for written in [secret, PercentCoding.encode(secret), PercentCoding.encode(secret, also: "@/?#")] {
                for shape in Self.shapes {
                    let shown = Self.shown(shape.replacing("_", with: written))
                    if shown.isError { refused += 1 } else { read += 1 }
                    #expect(!shown.text.contains(secret) && !shown.text.contains(written), "\(shape) with \(secret)")
                }
            }
        }
        #expect(read > 100 && refused > 100)
    }

    /// Everything that can be had of a URL as text.
    private static func shown(_ url: String) -> (text: String, isError: Bool) {
        do {
            let configuration = try read(url)
            // A name without a colon before it is a host, and hosts are shown.
            guard let credentials = configuration.credentials else { return ("", false) }
            let text = "\(configuration.label) \(configuration.publicURL)"
            return (text + Secret.shown(configuration) + Secret.shown(credentials), false)
        } catch {
            return (Secret.shown(error), true)
        }
    }
}
