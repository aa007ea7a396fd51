import DistributedLocks
import Foundation
import Glibc
import TestSupport

/// Another process with a store: see `Tests/ZooKeeperStoreProbe`.
final class ProbeProcess: Sendable {
    private let child: ChildProgram
    private let folder: TemporaryFolder
    private let input: Int32

    /// Starts one.
    ///
    /// - Parameter url: The URL of its store.
    /// - Throws: If there is no such program.
    init(_ url: String) async throws {
        let folder = try TemporaryFolder()
        let ends = try Descriptors.pair()
        let output = try Descriptors.appending(to: folder.file("output"))
        defer { for descriptor in [ends.theirs, output] { close(descriptor) } }
        child = try ChildProgram([Self.executable, url], input: ends.theirs, output: output, errors: output)
        (self.folder, input) = (folder, ends.ours)
        try await expect("ready")
    }

    deinit {
        child.end(.now)
        close(input)
    }

    /// It lies beside the test's own executable.
    private static var executable: String {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("ZooKeeperStoreProbe").path
    }

    /// Gives an order.
    func send(_ line: String) {
        _ = Descriptors.send(Array((line + "\n").utf8), to: input)
    }

    /// All that it has said that begins so: the words after that.
    func lines(_ beginning: String) -> [[String]] {
        folder.text("output").split(separator: "\n").filter { $0.hasPrefix(beginning) }.map { line in
            line.dropFirst(beginning.count).split(separator: " ").map(String.init)
        }
    }

    /// Waits for the first line that begins so.
    ///
    /// - Parameter beginning: How it begins.
    /// - Returns: The words after that.
    /// - Throws: ``TimedOut``.
    @discardableResult
    func expect(_ beginning: String) async throws -> [String] {
        let details = { [folder] in "; it says: \(folder.text("output").suffix(500))" }
        try await waitUntil("\"\(beginning)\" from the probe", details: details) { !lines(beginning).isEmpty }
        return lines(beginning)[0]
    }

    /// Waits for a grant.
    func granted(_ key: String) async throws -> FencingToken {
        FencingToken(rawValue: UInt64(try await expect("granted \(key) ").first ?? "") ?? 0)
    }

    /// When it last did something that must not be done without the lock, as ``PeerProcess/now`` says.
    func lastWork(_ key: String) -> Int? {
        lines("worked \(key) ").last?.first.flatMap { Int($0) }
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
