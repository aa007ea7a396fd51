import ArgumentParser
import DistributedLocks
import Foundation
import Testing

@testable import DLockCommands

@Suite("Arguments")
struct ArgumentTests {
    @Test(
        "Durations",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("30", .seconds(30)),
            ("1.5s", .milliseconds(1_500)),
            ("5m", .seconds(300)), ("2h", .seconds(7_200)), ("1d", .seconds(86_400)), ("0", .zero),
        ]
    )
    func durations(_ text: String, _ expected: Duration) throws {
        #expect(try DurationArgument.read(text).duration == expected)
    }

    @Test(
        "What is no duration",
        arguments: ["", "s", "-1s", "1x", "1 s", "1e99s", "nan", "inf", "99999d", "1.2.3s", "٣s", "5min"]
    )
    func badDurations(_ text: String) {
        #expect(throws: ValidationError.self) { try DurationArgument.read(text) }
    }

    @Test("Stores")
    func stores() throws {
        #expect(try StoreAddress("memory:") == .memory)
        #expect(try StoreAddress("file:///var/lock/app") == .file(directory: "/var/lock/app"))
        #expect(try StoreAddress("file:///var/lock/app/") == .file(directory: "/var/lock/app"))
        #expect(try StoreAddress("file://localhost/x") == .file(directory: "/x"))
        #expect(try StoreAddress("file:///with%20space") == .file(directory: "/with space"))
        #expect(try StoreAddress("/plain/path") == .file(directory: "/plain/path"))
        #expect(try StoreAddress("/with:colon") == .file(directory: "/with:colon"))
        #expect(try StoreAddress("FILE:///x") == .file(directory: "/x"))
        let here = FileManager.default.currentDirectoryPath
        #expect(try StoreAddress("./folder") == .file(directory: here + "/folder"))
        #expect(try StoreAddress("some/folder") == .file(directory: here + "/some/folder"))
    }

    @Test(
        "What is no store",
        arguments: [
            "", "folder", "localhost", "redis:", "memory:x", "file://host/x", "file:///", "file:x", "http://x",
            "file:///a?b", "file:///a#b",
        ]
    )
    func badStores(_ text: String) {
        #expect(throws: LockError.self) { try StoreAddress(text) }
    }

    @Test(
        "A store's URL names the same store again",
        arguments: ["/var/lock/app", "/with space", "/ümlaut", "/a%20b", "/a#b?c"]
    )
    func urlRoundTrip(_ directory: String) throws {
        let address = StoreAddress.file(directory: directory)
        #expect(try StoreAddress(address.url) == address)
    }

    @Test(
        "Contradictions are refused",
        arguments: [
            ["run"], ["run", "x"], ["run", "x", "--"], ["run", "--no-wait", "--wait", "1s", "x", "true"],
            ["run", "--shared", "--permits", "2", "x", "true"], ["run", "--permits", "0", "x", "true"],
            ["run", "-x", "--shared", "x", "true"], ["run", "-e", "--permits", "2", "x", "true"],
            ["run", "-y", "x", "true"],
            ["run", "-c", "ls", "x", "true"], ["run", "x", "-c", "ls", "-l"], ["run", "x", "-c"], ["run", "-c"],
            ["run", "x", "--quiet", "true"], ["run", "--quiet=1", "x", "true"],
            ["release", "--force", "--token", "1", "--owner", String(repeating: "0", count: 32), "x"],
            ["release", "--force", "--owner", "me", "x"], ["release", "--force", "--token", "-1", "x"],
            ["wait"], ["wait", "-n", "-w", "1s", "x"], ["wait", "-E", "256", "x"], ["watch", ""],
            ["bench", "--scenario", "cycle", "--clients", "50"], ["bench", "--clients", "2"],
            ["bench", "--scenario", "handoff", "--clients", "1"],
            ["run", "--conflict-exit-code", "256", "x", "true"], ["run", "--wait", "soon", "x", "true"],
            ["run", "", "true"], ["run", String(repeating: "n", count: 1_025), "true"],
            ["run", "--label", String(repeating: "l", count: 257), "x", "true"], ["release", "x"], ["status"],
            ["bench", "--scenario", "none"], ["bench", "--clients", "0"], ["bench", "--duration", "0"],
            ["watch", "--interval", "1ms"], ["nonsense"],
        ]
    )
    func contradictions(_ arguments: [String]) {
        #expect(throws: (any Error).self) {
            if arguments.first == "run" {
                _ = try DLock.read(RunLine(arguments.dropFirst().map { ByteString($0) }))
            } else {
                _ = try DLock.parseAsRoot(arguments)
            }
        }
    }
}
