import DistributedLocks
import Foundation
import Glibc
import TestSupport

/// Another process with a store: see `Tests/RedisStoreProbe`.
final class StoreProbe: Sendable {
    private let child: ChildProgram
    private let folder: TemporaryFolder
    private let input: Int32

    /// Starts one for the server at a port.
    init(at port: Int) async throws {
        let folder = try TemporaryFolder()
        let ends = try Descriptors.pair()
        defer { close(ends.theirs) }
        let output = try Descriptors.appending(to: folder.file("output"))
        defer { close(output) }
        let errors = try Descriptors.appending(to: folder.file("errors"))
        defer { close(errors) }
        child = try ChildProgram(
            [Self.executable, "redis://127.0.0.1:\(port)"],
            input: ends.theirs,
            output: output,
            errors: errors
        )
        (self.folder, input) = (folder, ends.ours)
        _ = try await expect("ready")
    }

    deinit {
        child.end(.now)
        close(input)
    }

    /// It lies beside the test's own executable.
    private static var executable: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("RedisStoreProbe").path
    }

    /// Gives an order.
    func send(_ line: String) {
        _ = Descriptors.send(Array((line + "\n").utf8), to: input)
    }

    /// All that it has said that begins so: the words after that.
    func lines(_ prefix: String) -> [[String]] {
        folder.text("output").split(separator: "\n").filter { $0.hasPrefix(prefix) }.map { line in
            line.dropFirst(prefix.count).split(separator: " ").map(String.init)
        }
    }

    /// Waits for the first line that begins so.
    ///
    /// - Returns: The words after that.
    /// - Throws: ``TimedOut``.
    @discardableResult
    func expect(_ prefix: String) async throws -> [String] {
        try await waitUntil("\"\(prefix)\" from the probe", details: { "; it says: \(transcript)" }) {
            !lines(prefix).isEmpty
        }
        return lines(prefix)[0]
    }

    private var transcript: String { String(folder.text("output").suffix(500)) + folder.text("errors").suffix(500) }

    /// Waits for a grant.
    func granted(_ key: String) async throws -> FencingToken {
        let words = try await expect("granted \(key) ")
        return FencingToken(rawValue: UInt64(words[0]) ?? 0)
    }

    /// When it last did something that must not be done without the lock.
    func lastWork(_ key: String) -> Int64? {
        lines("worked \(key) ").last.flatMap { Int64($0[0]) }
    }

    /// Stops it (`SIGSTOP`), and waits until it has stopped.
    func pause() async throws {
        try await blocking { [child] in child.pause() }
    }

    /// Lets it go on.
    func resume() {
        child.signal(SIGCONT)
    }

    /// Kills it (`SIGKILL`).
    func kill() async throws {
        try await blocking { [child] in child.end(.now) }
    }
}
