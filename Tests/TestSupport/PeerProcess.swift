import Foundation
import Glibc

/// Another process that uses a lock through somebody else's client. What it can be told is up to its program; see the
/// folders `Peers`.
///
/// It ends with this object, and with the test process.
package final class PeerProcess: Sendable {
    private let child: ChildProgram
    private let input: Int32
    private let folder: TemporaryFolder

    /// Starts one.
    ///
    /// - Parameter words: The program (a path, or a name to look for in `PATH`) and its arguments.
    /// - Throws: If there are no more descriptors or processes.
    package init(_ words: [String]) throws {
        folder = try TemporaryFolder()
        let output = try Descriptors.appending(to: folder.file("output"))
        let errors = try Descriptors.appending(to: folder.file("errors"))
        let ends = try Descriptors.pair()
        defer { for descriptor in [output, errors, ends.theirs] { close(descriptor) } }
        input = ends.ours
        do {
            child = try ChildProgram(words, input: ends.theirs, output: output, errors: errors)
        } catch {
            close(input)
            throw error
        }
    }

    deinit {
        close(input)
    }

    /// Lets several begin together: waits until all have written `ready`, and sends each a line.
    package static func begin(_ peers: [PeerProcess]) async throws {
        for peer in peers { try await peer.line("ready") }
        for peer in peers { peer.send() }
    }

    package var pid: Int32 { child.pid }

    /// What it has written so far.
    package var output: String { folder.text("output") }

    /// What it has complained about so far.
    package var errors: String { folder.text("errors") }

    /// Waits until it has written a line that begins so, and returns the rest of that line.
    ///
    /// - Parameter prefix: How the line begins.
    /// - Returns: The rest, without the space before it.
    /// - Throws: ``TimedOut``, with all that it has written.
    @discardableResult
    package func line(_ prefix: String) async throws -> String {
        var found: String?
        try await waitUntil(
            "\"\(prefix)\" from process \(pid)",
            within: .seconds(40),
            details: { "; it wrote \"\(output)\" and \"\(errors)\"" }
        ) {
            let hasEnded = !child.isRunning
            found = lines.first { $0.hasPrefix(prefix) }.map(String.init)
            guard found == nil, hasEnded else { return found != nil }
            throw TimedOut(what: "\"\(prefix)\"; the process has ended, and wrote \"\(output)\" and \"\(errors)\"")
        }
        return String((found ?? "").dropFirst(prefix.count).drop { $0 == " " })
    }

    /// The complete lines that it has written.
    private var lines: [Substring] {
        let text = output
        let lines = text.split(separator: "\n")
        return text.hasSuffix("\n") ? lines : lines.dropLast()
    }

    /// As ``line(_:)``, for a line with a time: nanoseconds, to be compared with ``now``.
    @discardableResult
    package func time(_ prefix: String) async throws -> Int {
        let text = try await line(prefix)
        guard let time = Int(text) else { throw TimedOut(what: "a time after \"\(prefix)\", and got \"\(text)\"") }
        return time
    }

    /// Writes a line to its standard input.
    package func send(_ line: String = "") {
        _ = Descriptors.send(Array("\(line)\n".utf8), to: input)
    }

    /// Waits until it ends by itself.
    ///
    /// - Parameter limit: How long.
    /// - Throws: ``TimedOut``; ``ChildProgram/Failure`` if it ends with an error.
    package func finished(within limit: Duration = .seconds(60)) async throws {
        let details = { "; it wrote \"\(self.output)\" and \"\(self.errors)\"" }
        try await waitUntil("the end of process \(pid)", within: limit, details: details) { !child.isRunning }
        guard child.exitStatus == 0 else {
            throw ChildProgram.Failure(description: "process \(pid) ended with \(child.exitStatus ?? 0)\(details())")
        }
    }

    package func signal(_ number: Int32) {
        child.signal(number)
    }

    /// Kills it, and waits until it is gone.
    package func kill() async throws {
        try await blocking { [child] in child.end(.now) }
    }

    /// The time that all processes share: nanoseconds of `CLOCK_MONOTONIC`.
    package static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
