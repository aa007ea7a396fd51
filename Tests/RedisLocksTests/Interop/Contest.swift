import DistributedLocks
import Synchronization
import TestSupport
import Testing

/// A contest for one key between two processes of somebody else's client, and tasks of ours.
final class Contest: Sendable {
    let program: PeerProcess.Program
    let log: ContestLog
    /// Of our holds, in the order in which they began: only who has the lock appends.
    private let tokens = Mutex<[FencingToken]>([])

    init(_ program: PeerProcess.Program) throws {
        self.program = program
        log = try ContestLog()
    }

    /// What the peers call it. For us it is the name: python-redis-lock puts `lock:` before every name of its own.
    var key: String { "lock:\(program)" }

    /// Starts the processes.
    func peers(_ count: Int, port: Int, seconds: Double) throws -> [PeerProcess] {
        try (0..<count).map { _ in
            try PeerProcess.contend(program, port: port, key: key, seconds: seconds, log: log)
        }
    }

    /// A task of ours: it takes the lock and gives it back until the time is up.
    ///
    /// It rests longer than the peers do. As long as one of ours waits, a release hands the lock over without ever
    /// freeing the key; a client that only looks at the key now and then would never find it free.
    ///
    /// - Parameters:
    ///   - service: The client.
    ///   - name: What it is called in the log.
    ///   - seconds: For how long.
    /// - Throws: What the lock throws: nothing of that is expected.
    func takePart(_ service: LockService, as name: String, seconds: Double) async throws {
        let lock = try service.lock(key)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            try await lock.withLock(timeout: .seconds(20)) { lease in
                self.tokens.withLock { $0.append(lease.fencingToken) }
                try await self.log.hold(as: name)
            }
            try await Task.sleep(for: .milliseconds(Double.random(in: 0...20)))
        }
    }

    /// To be called when all is over.
    ///
    /// - Parameter ours: The names of the tasks.
    func check(_ ours: [String]) {
        let (counts, tokens) = (log.counts, tokens.withLock { $0 })
        print("\(program): \(log.handOvers) changes of hands;", counts.sorted { $0.key < $1.key })
        #expect(log.overlaps == [], "\(program)")
        #expect(log.errors == [], "\(program)")
        #expect(counts.keys.count { !ours.contains($0) } == 1, "\(program) has never had the lock: \(counts)")
        for name in ours { #expect(counts[name] ?? 0 > 5, "\(program): \(counts)") }
        #expect(tokens.count == ours.reduce(0) { $0 + (counts[$1] ?? 0) })
        #expect(zip(tokens, tokens.dropFirst()).allSatisfy { $0 < $1 }, "\(program): tokens of ours grow")
    }
}
