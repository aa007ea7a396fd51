import Foundation
import Glibc

/// A process under test. What it writes goes to files, so that nobody has to read along; it can be sent text.
final class RunningProcess: Sendable {
    struct TimedOut: Error, CustomStringConvertible {
        let what: String
        var description: String { "timed out waiting for \(what)" }
    }

    private let process = Process()
    private let input: FileHandle
    private let folder: URL

    init(_ arguments: [String], environment: [String: String]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dlock-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let ends = try Self.pipe()
        input = ends.writing
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = environment
        process.standardInput = ends.reading
        let streams = [
            try Self.file(folder.appendingPathComponent("output")),
            try Self.file(folder.appendingPathComponent("errors")),
        ]
        process.standardOutput = streams[0]
        process.standardError = streams[1]
        try process.run()
        // The process has them; here they would stay open as long as Foundation keeps its object.
        for stream in streams + [ends.reading] { try? stream.close() }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    var processID: Int32 { process.processIdentifier }

    /// What it has written to standard output so far.
    var output: String { text("output") }

    /// What it has written to standard error so far.
    var errors: String { text("errors") }

    /// Waits until it has written `text` to standard error.
    func waitForErrors(_ text: String) async throws {
        for _ in 0..<4_000 where !errors.contains(text) {
            try await Task.sleep(for: .milliseconds(5))
        }
        guard errors.contains(text) else { throw TimedOut(what: "the error \"\(text)\"; there was \"\(errors)\"") }
    }

    /// Writes a line to its standard input.
    func send(_ line: String = "") {
        try? input.write(contentsOf: Data("\(line)\n".utf8))
    }

    func signal(_ signal: Int32) {
        kill(processID, signal)
    }

    /// Waits until its output contains `text`.
    func waitForOutput(_ text: String) async throws {
        for _ in 0..<4_000 where !output.contains(text) {
            try await Task.sleep(for: .milliseconds(5))
        }
        guard output.contains(text) else { throw TimedOut(what: "output \"\(text)\"; there was \"\(output)\"") }
    }

    /// Waits for its end; kills it if that takes too long.
    func finished(within time: Duration = .seconds(60)) async throws -> Finished {
        let clock = ContinuousClock()
        let limit = clock.now.advanced(by: time)
        while process.isRunning {
            if clock.now > limit {
                kill(processID, SIGKILL)
                throw TimedOut(
                    what: "the end of \(process.arguments ?? []); there was \"\(output)\" and \"\(text("errors"))\""
                )
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        try? input.close()
        let died = process.terminationReason == .uncaughtSignal
        return Finished(
            exitCode: process.terminationStatus + (died ? 128 : 0),
            diedOfSignal: died,
            output: output,
            errors: text("errors")
        )
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }

    /// Not Foundation's `Pipe`: its descriptors would be inherited by all other processes that are started meanwhile.
    private static func pipe() throws -> (reading: FileHandle, writing: FileHandle) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw TimedOut(what: "a pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (
            FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
            FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        )
    }

    private static func file(_ url: URL) throws -> FileHandle {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw TimedOut(what: "\(url.path): errno \(errno)") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
