import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A directory for the files through which the processes of a test talk to it; removed with this object.
final class Scratch: Sendable {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("child-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: directory)
    }

    /// The path of a file, without characters that mean something to a shell.
    func path(_ name: String) -> String {
        directory.appendingPathComponent(name).path
    }

    func contains(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path(name))
    }

    func create(_ name: String) {
        _ = FileManager.default.createFile(atPath: path(name), contents: nil)
    }

    /// What is in a file; nothing if there is no such file.
    func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path(name)) ?? Data(), as: UTF8.self)
    }

    /// The number in a file; `nil` as long as the line is not complete.
    func number(_ name: String) -> Int32? {
        let text = text(name)
        return text.hasSuffix("\n") ? Int32(text.dropLast()) : nil
    }

    /// The state of the process whose number is in a file, see ``processState(_:)``.
    func state(_ name: String) async -> String? {
        guard let pid = number(name) else { return nil }
        return await processState(pid)
    }
}

/// Waits until a condition holds.
///
/// - Parameters:
///   - limit: How long to wait at most.
///   - condition: Checked every few milliseconds.
/// - Returns: Whether it held in time.
func eventually(within limit: Duration = .seconds(20), _ condition: () async -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !(await condition()) {
        guard clock.now < deadline, (try? await clock.sleep(for: .milliseconds(5))) != nil else { return false }
    }
    return true
}

/// The state of a process as the first letter that `ps` shows; empty if there is no such process.
func processState(_ pid: Int32) async -> String {
    String(await ps(["-o", "stat=", "-p", "\(pid)"]).prefix(1))
}

/// The numbers of the child processes of a process.
func children(of pid: Int32) async -> [Int32] {
    await ps(["-A", "-o", "pid=,ppid="]).split(separator: "\n").compactMap { line in
        let numbers = line.split(separator: " ").compactMap { Int32($0) }
        return numbers.last == pid ? numbers.first : nil
    }
}

private func ps(_ arguments: [String]) async -> String {
    await (try? runProgram(["ps"] + arguments))?.output ?? ""
}

/// Whether a process has ended, even if its parent has not noticed.
func isGone(_ pid: Int32) async -> Bool {
    ["", "Z", "X"].contains(await processState(pid))
}

/// Whether all of these processes have ended.
func areGone(_ pids: [Int32]) async -> Bool {
    for pid in pids where !(await isGone(pid)) { return false }
    return true
}

func sendSignal(_ signal: Int32, to pid: Int32) {
    _ = kill(pid, signal)
}
