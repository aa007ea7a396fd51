import DistributedLocks
import Foundation
import Testing

@testable import DLockCommands

@Suite("Redis servers on the command line")
struct RedisAddressTests {
    private let dlock = try? CommandLineTool()

    private func tool() throws -> CommandLineTool { try #require(dlock) }

    @Test(
        "Every form is accepted, and passed on to the command",
        arguments: [
            ("redis://localhost", "redis://localhost:6379"), ("REDIS://a:1,b:2/3", "redis://a:1,b:2/3"),
            ("rediss://db1?server-name=db", "rediss://db1:6379?server-name=db"),
            ("redis+unix:///run/redis.sock?db=1", "redis+unix:///run/redis.sock?db=1"),
            ("unix:///run/redis.sock", "redis+unix:///run/redis.sock"),
            ("redis://a?prefix=x&timeout=500ms", "redis://a:6379?prefix=x&timeout=500ms"),
        ]
    )
    func forms(_ text: String, _ url: String) throws {
        let address = try StoreAddress(text, environment: { _ in nil })
        guard case .redis = address else {
            Issue.record("\(address)")
            return
        }
        #expect(address.url == url)
        #expect(try StoreAddress(url, environment: { _ in nil }) == address)
    }

    @Test(
        "What is wrong is said",
        arguments: [
            ("redis:", "redis://host"), ("redis:localhost", "redis://host"), ("redis://", "no name"),
            ("redis://a?x=1", "\"x\""),
            ("redis://u@a", "DLOCK_REDIS_PASSWORD"), ("http://a", "redis://host"),
        ]
    )
    func errors(_ text: String, _ says: String) throws {
        let error = #expect(throws: LockError.self) { try StoreAddress(text, environment: { _ in nil }) }
        #expect(error?.description.contains(says) == true)
    }

    @Test("The password is taken from DLOCK_REDIS_PASSWORD if the URL says nothing of one")
    func passwordVariable() throws {
        func address(_ text: String, _ password: String?, more: [String: String] = [:]) throws -> StoreAddress {
            var environment = more
            environment["DLOCK_REDIS_PASSWORD"] = password
            let variables = environment
            return try StoreAddress(text, environment: { variables[$0] })
        }
        #expect(try address("redis://a", "p") != address("redis://a", nil))
        #expect(try address("redis://a", "p") != address("redis://a", "q"))
        #expect(try address("redis://a", "") == address("redis://a", nil))
        #expect(try address("redis://:p@a", "q") == address("redis://:p@a", nil))
        let more = ["X": "x"]
        #expect(
            try address("redis://a?password-env=X", "p", more: more)
                == address("redis://a?password-env=X", nil, more: more)
        )
    }

    @Test("The command gets no password, and all that is needed to find it")
    func childURL() throws {
        let environment = ["DLOCK_REDIS_PASSWORD": "secret", "X": "secret"]
        func url(_ text: String) throws -> String { try StoreAddress(text, environment: { environment[$0] }).url }
        #expect(try url("redis://user:secret@a/1") == "redis://user@a:6379/1")
        #expect(try url("redis://:secret@a") == "redis://a:6379")
        #expect(try url("redis://user@a") == "redis://user@a:6379")
        #expect(try url("redis://user@a?password-env=X") == "redis://user@a:6379?password-env=X")
    }

    @Test("Only what was written into the URL is a written password")
    func writtenPasswords() throws {
        let environment = ["DLOCK_REDIS_PASSWORD": "p", "X": "p"]
        func isWritten(_ text: String) throws -> Bool {
            try StoreAddress(text, environment: { environment[$0] }).hasWrittenPassword
        }
        #expect(try isWritten("redis://:p@a"))
        #expect(try isWritten("rediss://u:p@a"))
        #expect(try !isWritten("redis://u@a"))
        #expect(try !isWritten("redis://a?password-env=X"))
        #expect(try !isWritten("/a/folder"))
    }

    /// Nobody listens at port 1.
    private static let options = "127.0.0.1:1?timeout=200ms&connect-timeout=200ms"

    @Test("A password in --store is warned of, unless one wants to hear nothing, and one in DLOCK_STORE is not")
    func warning() async throws {
        let url = "redis://:sesame@\(Self.options)"
        let seen = try await tool().run("run", "--no-wait", "--store", url, "x", "--", "true")
        #expect(seen.exitCode == 69)
        #expect(seen.errors.contains("DLOCK_REDIS_PASSWORD or ?password-file="))
        let listed = try await tool().run("list", "--store", url)
        #expect(listed.errors.contains("DLOCK_REDIS_PASSWORD or ?password-file="))
        let silent = try await tool().run("run", "--quiet", "--no-wait", "--store", url, "x", "--", "true")
        let hidden = try await tool().run("run", "--no-wait", "x", "--", "true", environment: ["DLOCK_STORE": url])
        let variable = try await tool().run(
            "list",
            "--store",
            "redis://\(Self.options)",
            environment: ["DLOCK_REDIS_PASSWORD": "sesame"]
        )
        for finished in [silent, hidden, variable] {
            #expect(finished.exitCode == 69)
            #expect(!finished.errors.contains("?password-file="))
        }
        for finished in [seen, listed, silent, hidden, variable] {
            #expect(!finished.errors.contains("sesame") && !finished.output.contains("sesame"))
        }
    }

    @Test("64: a URL that makes no sense, from wherever it is")
    func usage() async throws {
        let wrong = try await tool().run("run", "--store", "redis://u:sesame@a:x", "x", "--", "true")
        #expect(wrong.exitCode == 64)
        #expect(!wrong.errors.contains("sesame"))
        let inherited = try await tool().run("list", environment: ["DLOCK_STORE": "redis://u:ses/ame@a"])
        #expect(inherited.exitCode == 64)
        #expect(inherited.errors.contains("(from DLOCK_STORE)"))
        #expect(!inherited.errors.contains("ame@"))
    }
}
