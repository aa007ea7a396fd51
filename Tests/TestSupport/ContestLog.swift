import Glibc

/// The book that everybody in a contest for one lock writes into: the peers, and tasks of the test itself.
///
/// Besides the times of every hold there is a check that needs no clock: only one process at a time can have made the
/// file `inside`. Somebody who is killed while it holds the lock leaves that file behind; see ``forgetDead()``.
package final class ContestLog: Sendable {
    package struct Hold: Sendable {
        /// When the lock had been taken, in nanoseconds; see ``PeerProcess/now``.
        package var start: Int
        /// When it was about to be given back.
        package var end: Int
        /// Who: what a peer or a test calls itself.
        package var name: String
        package var pid: Int32
        /// When the lock was asked for; only some say that.
        package var invoked: Int?
        /// The fencing token; only some say that.
        package var token: Int?

        /// From a line of the log; `nil` if it is about something else.
        fileprivate init?(_ line: Substring) {
            let words = line.split(separator: " ")
            guard words.count == 4 || words.count == 6 else { return nil }
            guard let start = Int(words[0]), let end = Int(words[1]), let pid = Int32(words[3]) else { return nil }
            self.start = start
            self.end = end
            name = String(words[2])
            self.pid = pid
            guard words.count == 6 else { return }
            invoked = Int(words[4])
            token = Int(words[5])
        }
    }

    private let folder: TemporaryFolder
    private let file: Int32

    package init() throws {
        folder = try TemporaryFolder()
        file = try Descriptors.appending(to: folder.file("log"))
    }

    deinit {
        close(file)
    }

    /// The file for the peers.
    package var path: String { folder.file("log") }

    private var lines: [Substring] { folder.text("log").split(separator: "\n") }

    /// All holds, in the order in which they ended.
    package var holds: [Hold] {
        lines.compactMap { Hold($0) }
    }

    /// How often each has held the lock.
    package var counts: [String: Int] {
        holds.reduce(into: [:]) { $0[$1.name, default: 0] += 1 }
    }

    /// How often the lock went from one to another.
    package var handOvers: Int {
        let order = holds.sorted { $0.start < $1.start }
        return zip(order, order.dropFirst()).count { $0.name != $1.name || $0.pid != $1.pid }
    }

    /// What libraries have complained about.
    package var errors: [String] { lines.filter { $0.hasPrefix("ERROR") }.map(String.init) }

    /// All signs that two have held the lock at the same time.
    package var overlaps: [String] {
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

    /// All signs that the lock was not taken in the order of the tokens. Holds without a token do not count.
    ///
    /// Where a token is drawn when somebody queues up, as in ZooKeeper, this says that somebody was overtaken.
    package var disorder: [String] {
        let order = holds.filter { $0.token != nil }.sorted { $0.start < $1.start }
        return zip(order, order.dropFirst()).compactMap { before, after in
            guard let first = before.token, let second = after.token, second <= first else { return nil }
            return "\(after.name) \(after.pid) with \(second) after \(before.name) \(before.pid) with \(first)"
        }
    }

    /// To be called by a task of the test that has the lock: it does what the peers do.
    ///
    /// - Parameters:
    ///   - name: What it is called, without spaces.
    ///   - token: The fencing token, if it is to be compared with those of others.
    ///   - invoked: When the lock was asked for, as ``PeerProcess/now`` says, if that is to be known.
    ///   - body: Runs while the lock is held; a millisecond of sleep, if there is none.
    /// - Throws: What the body throws.
    package func hold(
        as name: String,
        token: Int? = nil,
        invoked: Int? = nil,
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
            let more = [invoked, token].map { $0.map { "\($0)" } ?? "-" }.joined(separator: " ")
            write("\(start) \(PeerProcess.now) \(name) \(getpid()) \(more)")
        }
        try await body()
    }

    /// To be called when who was killed cannot hold the lock any more, and before somebody else can.
    package func forgetDead() {
        unlink(path + ".inside")
    }

    private func write(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = Glibc.write(file, bytes, bytes.count)
    }
}
