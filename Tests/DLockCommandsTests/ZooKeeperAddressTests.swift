import DistributedLocks
import Foundation
import Testing

@testable import DLockCommands

@Suite struct ZooKeeperAddressTests {
    private let dlock = try? CommandLineTool()

    private func tool() throws -> CommandLineTool { try #require(dlock) }

    @Test(arguments: [
        ("zookeeper://localhost", "zookeeper://localhost:2181"),
        ("ZOOKEEPER://a:1,b:2/app/locks/", "zookeeper://a:1,b:2/app/locks"),
        ("zookeepers://zk1?server-name=zk", "zookeepers://zk1:2281?server-name=zk"),
        (
            "zookeeper://a/x?session-timeout=20s&naming=both&names=paths",
            "zookeeper://a:2181/x?session-timeout=20s&naming=both&names=paths"
        ),
    ])
    func `Every form is accepted, and passed on to the command`(_ text: String, _ url: String) throws {
        let address = try StoreAddress(text, environment: { _ in nil })
        guard case .zookeeper = address else {
            Issue.record("\(address)")
            return
        }
        #expect(address.url == url)
        #expect(try StoreAddress(url, environment: { _ in nil }) == address)
    }

    @Test(arguments: [
        ("zookeeper:", "zookeeper://host"), ("zookeeper:localhost", "zookeeper://host"),
        ("zookeeper://", "no name"), ("zookeeper://a?x=1", "\"x\""), ("zookeeper://a/zookeeper", "another path"),
        ("zookeeper://u@a", "DLOCK_ZOOKEEPER_PASSWORD"), ("zk://a", "zookeeper://host"), ("zk1", "zookeeper://zk1"),
    ])
    func `What is wrong is said`(_ text: String, _ says: String) throws {
        let error = #expect(throws: LockError.self) { try StoreAddress(text, environment: { _ in nil }) }
        #expect(error?.description.contains(says) == true)
    }

    @Test func `The password is taken from DLOCK_ZOOKEEPER_PASSWORD if the URL names a user and no password`() throws {
        func address(_ text: String, _ password: String?, more: [String: String] = [:]) throws -> StoreAddress {
            var environment = more
            environment["DLOCK_ZOOKEEPER_PASSWORD"] = password
            let variables = environment
            return try StoreAddress(text, environment: { variables[$0] })
        }
        #expect(try address("zookeeper://u@a", "p") != address("zookeeper://u@a", "q"))
        #expect(throws: LockError.self) { try address("zookeeper://u@a", "") }
        #expect(throws: LockError.self) {
            try address("zookeeper://u@a", nil, more: ["DLOCK_REDIS_PASSWORD": "p"])
        }
        #expect(try address("zookeeper://a", "p") == address("zookeeper://a", nil))
        #expect(try address("zookeeper://u:p@a", "q") == address("zookeeper://u:p@a", nil))
        let url = "zookeeper://u@a?password-env=X"
        #expect(try address(url, "p", more: ["X": "x"]) == address(url, nil, more: ["X": "x"]))
    }

    @Test func `The command gets no password, and all that is needed to find it`() throws {
        let environment = ["DLOCK_ZOOKEEPER_PASSWORD": "secret", "X": "secret"]
        func url(_ text: String) throws -> String { try StoreAddress(text, environment: { environment[$0] }).url }
        #expect(try url("zookeeper://user:secret@a/x") == "zookeeper://user@a:2181/x")
        #expect(try url("zookeeper://user@a?acl=creator") == "zookeeper://user@a:2181?acl=creator")
        #expect(try url("zookeeper://user@a?password-env=X") == "zookeeper://user@a:2181?password-env=X")
    }

    @Test func `Only what was written into the URL is a written password`() throws {
        let environment = ["DLOCK_ZOOKEEPER_PASSWORD": "p", "X": "p"]
        func isWritten(_ text: String) throws -> Bool {
            try StoreAddress(text, environment: { environment[$0] }).hasWrittenPassword
        }
        #expect(try isWritten("zookeeper://u:p@a"))
        #expect(try isWritten("zookeepers://u:p@a"))
        #expect(try !isWritten("zookeeper://u@a"))
        #expect(try !isWritten("zookeeper://u@a?password-env=X"))
        #expect(try !isWritten("zookeeper://a"))
    }

    @Test func `64 is the exit code for a URL that makes no sense, from wherever it is`() async throws {
        let wrong = try await tool().run("run", "--store", "zookeeper://u:sesame@a:x", "x", "--", "true")
        #expect(wrong.exitCode == 64)
        #expect(!wrong.errors.contains("sesame"))
        let inherited = try await tool().run("list", environment: ["DLOCK_STORE": "zookeeper://u:ses/ame@a"])
        #expect(inherited.exitCode == 64)
        #expect(inherited.errors.contains("(from DLOCK_STORE)"))
        #expect(!inherited.errors.contains("ame@"))
    }

    /// Nobody listens at port 1.
    private static let servers = "127.0.0.1:1?timeout=200ms&session-timeout=1s"

    @Test func `A password in --store is warned of, and one in DLOCK_STORE or in a variable is not`() async throws {
        let url = "zookeeper://u:sesame@\(Self.servers)"
        let seen = try await tool().run("run", "--no-wait", "--store", url, "x", "--", "true")
        let silent = try await tool().run("run", "--quiet", "--no-wait", "--store", url, "x", "--", "true")
        let hidden = try await tool().run("run", "--no-wait", "x", "--", "true", environment: ["DLOCK_STORE": url])
        let variable = try await tool().run(
            "list",
            "--store",
            "zookeeper://u@\(Self.servers)",
            environment: ["DLOCK_ZOOKEEPER_PASSWORD": "sesame"]
        )
        #expect(seen.errors.contains("DLOCK_ZOOKEEPER_PASSWORD or ?password-file="))
        for finished in [silent, hidden, variable] { #expect(!finished.errors.contains("?password-file=")) }
        for finished in [seen, silent, hidden, variable] {
            #expect(finished.exitCode == 69)
            #expect(finished.errors.contains("zookeeper://127.0.0.1:1"))
            #expect(!finished.errors.contains("sesame") && !finished.output.contains("sesame"))
        }
    }
}
