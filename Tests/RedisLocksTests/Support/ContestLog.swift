import Glibc
import TestSupport

/// The book that everybody in a contest for one lock writes into: the peers, and tasks of the test itself.
///
/// Besides the times of every hold there is a check that needs no clock: only one process at a time can have made the
/// file `inside`. Somebody who is killed while it holds the lock leaves that file behind; see ``forgetDead()``.
final class ContestLog: Sendable {
    struct Hold: Sendable {
        /// When the lock had been taken, in nanoseconds; see ``PeerProcess/now``.
        var start: Int
        /// When it was about to be given back.
        var end: Int
        /// Who: `redispy`, `redlockng`, `pythonredislock`, `classic`, or what a test calls itself.
        var name: String
        var pid: Int32
    }

    private let folder: TemporaryFolder
    private let file: Int32

    init() throws {
        folder = try TemporaryFolder()
        file = try Descriptors.appending(to: folder.file("log"))
    }

    deinit {
        close(file)
    }

    /// The file for the peers.
    var path: String { folder.file("log") }

    private var lines: [Substring] { folder.text("log").split(separator: "\n") }

    /// All holds, in the order in which they ended.
    var holds: [Hold] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 4, let start = Int(words[0]), let end = Int(words[1]), let pid = Int32(words[3]) else {
                return nil
            }
            return Hold(start: start, end: end, name: String(words[2]), pid: pid)
        }
    }

    /// How often each has held the lock.
    var counts: [String: Int] {
        holds.reduce(into: [:]) { $0[$1.name, default: 0] += 1 }
    }

    /// How often the lock went from one to another.
    var handOvers: Int {
        let order = holds.sorted { $0.start < $1.start }
        return zip(order, order.dropFirst()).count { $0.name != $1.name || $0.pid != $1.pid }
    }

    /// What libraries have complained about.
    var errors: [String] { lines.filter { $0.hasPrefix("ERROR") }.map(String.init) }

    /// All signs that two have held the lock at the same time.
    var overlaps: [String] {
        let order = holds.sorted { $0.start < $1.start }
        var found = lines.filter { $0.hasPrefix("OVERLAP") }.map(String.init)
        var latest: Hold?
        for hold in order {
            if let latest, hold.start < latest.end {
                found.append("\(hold.name) \(hold.pid) took it while \(latest.name) \(latest.pid) had it")
            }
            if hold.end > latest?.end ?? 0 { latest = hold }
        }
        return found
    }

    /// To be called by a task of the test that has the lock: it does what the peers do.
    ///
    /// - Parameters:
    ///   - name: What it is called, without spaces.
    ///   - body: Runs while the lock is held; a millisecond of sleep, if there is none.
    /// - Throws: What the body throws.
    func hold(
        as name: String,
        _ body: () async throws -> Void = { try await Task.sleep(for: .milliseconds(1)) }
    ) async throws {
        let start = PeerProcess.now
        let inside = open(path + ".inside", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if inside < 0 { write("OVERLAP \(name) \(getpid())") }
        defer {
            if inside >= 0 {
                close(inside)
                unlink(path + ".inside")
            }
            write("\(start) \(PeerProcess.now) \(name) \(getpid())")
        }
        try await body()
    }

    /// To be called when who was killed cannot hold the lock any more, and before somebody else can.
    func forgetDead() {
        unlink(path + ".inside")
    }

    private func write(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = Glibc.write(file, bytes, bytes.count)
    }
}
