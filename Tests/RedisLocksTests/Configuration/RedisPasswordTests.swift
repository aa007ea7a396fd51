import DistributedLocks
import DistributedLocksTesting
import Foundation
import NetworkSupport
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Passwords for Redis")
struct RedisPasswordTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func password(in file: String) throws -> String? {
        try RedisConfiguration(url: "redis://a?password-file=\(file)").credentials?.password
    }

    private func error(about file: String) -> String {
        do {
            _ = try password(in: file)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "the first line of a file",
        arguments: [
            ("secret\n", "secret"), ("secret", "secret"), ("secret\r\nmore\n", "secret"), ("se cret \nx", "se cret "),
            ("secret\r", "secret\r"), ("ü%40\n", "ü%40"),
            (String(repeating: "x", count: 4_096) + "\n", String(repeating: "x", count: 4_096)),
        ]
    )
    func firstLine(_ contents: String, _ expected: String) throws {
        let file = try folder.file("password", contents, mode: 0o640)
        #expect(try password(in: file) == expected)
    }

    @Test("a file that is none, or that does not do")
    func badFiles() throws {
        #expect(error(about: "/nowhere/password").contains("cannot open the password file /nowhere/password"))
        #expect(error(about: folder.path).contains("is not a regular file"))
        #expect(error(about: "/dev/null").contains("is not a regular file"))
        #expect(error(about: try folder.file("a", "")).contains("is empty"))
        #expect(error(about: try folder.file("b", "\nsecret")).contains("is empty"))
        #expect(error(about: try folder.file("c", [0xFF, 0xFE])).contains("is not UTF-8"))
        #expect(error(about: try folder.file("d", String(repeating: "x", count: 4_097))).contains("longer than 4096"))
        #expect(error(about: try folder.file("e", String(repeating: "x", count: 1 << 20))).contains("longer than 4096"))
        for mode in [0o620, 0o602, 0o666] {
            #expect(error(about: try folder.file("f", "secret", mode: mode)).contains("chmod go-w"))
        }
    }

    @Test("a named pipe does not block")
    func pipe() throws {
        let path = folder.path + "/pipe"
        #expect(mkfifo(path, 0o600) == 0)
        #expect(error(about: path).contains("is not a regular file"))
    }

    @Test("variables: the one that the URL names, or the usual one if it says nothing")
    func variables() throws {
        func credentials(_ url: String, _ variables: [String: String]) throws -> RedisCredentials? {
            try RedisConfiguration(url: url, fallbackPasswordVariable: "USUAL", environment: { variables[$0] })
                .credentials
        }
        #expect(try credentials("redis://a", [:]) == nil)
        #expect(try credentials("redis://a", ["USUAL": ""]) == nil)
        #expect(
            try credentials("redis://a", ["USUAL": "p"])
                == RedisCredentials(user: nil, password: "p", source: .fallback)
        )
        #expect(try credentials("redis://u@a", ["USUAL": "p"])?.user == "u")
        #expect(try credentials("redis://u:q@a", ["USUAL": "p"])?.password == "q")
        #expect(try credentials("redis://a?password-env=X", ["USUAL": "p", "X": "q"])?.password == "q")
        #expect(throws: LockError.self) { try credentials("redis://a?password-env=X", ["USUAL": "p"]) }
        #expect(throws: LockError.self) { try credentials("redis://a?password-env=X", ["X": ""]) }
        #expect(throws: LockError.self) { try credentials("redis://u@a", ["USUAL": ""]) }
        #expect(try RedisConfiguration(url: "redis://a?password-env=PATH").credentials?.password.isEmpty == false)
    }

    @Test("only a password in the URL is called a written one")
    func writtenPasswords() throws {
        let variables = ["X": "p"]
        func isWritten(_ url: String) throws -> Bool {
            try RedisConfiguration(url: url, fallbackPasswordVariable: "X", environment: { variables[$0] })
                .hasWrittenPassword
        }
        #expect(try isWritten("redis://:p@a"))
        #expect(try !isWritten("redis://a"))
        #expect(try !isWritten("redis://a?password-env=X"))
    }

    /// What is around a password, right and wrong.
    static let shapes = [
        "redis://:_@host", "redis://user:_@host:1/2?prefix=x", "rediss://user:_@a,b", "redis+unix://:_@/run/x",
        "redis://user:_",
        "redis://:_", "redis://_", "redis://_@host", "redis:user:_@host", "redis:/user:_@host", "_", "_@host",
        "user:_@host",
        "redis://user:_@", "redis://user:_@host:x", "redis://user:_@host:0", "redis://user:_@host/x",
        "redis://user:_@host?x=1",
        "redis://user:_@host?timeout=x", "redis://user:_@ho st", "redis://user:_@a,b:x", "redis://user:_@a,user:_@b",
        "redis://user:_@host?prefix=", "redis://user:_@host?password-env=NONE", "redis://u u:_@host",
        "redis://%zz:_@host",
        "redis://[user:_@host", "redis+unix://user:_@host/x", "unix://user:_@", "redis://user:_@host#x",
        "http://user:_@host",
    ]

    @Test("nothing that is said or shown has the password in it", arguments: 0..<10 as Range<UInt64>)
    func secrecy(_ chunk: UInt64) async {
        var random = SeededGenerator(seed: chunk)
        var (read, refused) = (0, 0)
        for _ in 0..<20 {
            await Task.yield()
            let secret = Secret.random(using: &random)
            for written in [secret, PercentCoding.encode(secret), PercentCoding.encode(secret, also: "@/?#")] {
                for shape in Self.shapes {
                    let url = shape.replacingOccurrences(of: "_", with: written)
                    let shown = Self.shown(url)
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
            let configuration = try RedisConfiguration(
                url: url,
                fallbackPasswordVariable: nil,
                environment: { _ in nil }
            )
            // A name without a colon before it is a host, and hosts are shown.
            guard let credentials = configuration.credentials else { return ("", false) }
            let text = "\(configuration.label) \(configuration.publicURL)"
            return (text + Secret.shown(configuration) + Secret.shown(credentials), false)
        } catch {
            return (Secret.shown(error), true)
        }
    }

    @Test("credentials show the user")
    func credentials() {
        #expect("\(RedisCredentials(user: "deploy", password: "secret"))" == "deploy (password not shown)")
        #expect("\(RedisCredentials(password: "secret"))" == "default user (password not shown)")
    }
}
