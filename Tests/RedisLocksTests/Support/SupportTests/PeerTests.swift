import Glibc
import TestSupport
import Testing

@Suite struct PeerTests {
    /// Lets two clients contend for one key, until both are done.
    private func contest(_ programs: [PeerProcess.Program], broken: [Bool] = [false, false]) async throws -> ContestLog
    {
        let log = try ContestLog()
        try await TestRedisServer.with { server in
            let peers = try zip(programs, broken).map { program, isBroken in
                try PeerProcess.contend(
                    program,
                    port: server.port,
                    key: "lock:x",
                    seconds: 2,
                    log: log,
                    isBroken: isBroken
                )
            }
            try await PeerProcess.begin(peers)
            for peer in peers { try await peer.finished() }
        }
        return log
    }

    @Test(
        "other people's clients exclude each other",
        arguments: [
            [PeerProcess.Program.redisPy, .classic], [.redlockNG, .classic], [.pythonRedisLock, .pythonRedisLock],
        ]
    )
    func exclusion(_ programs: [PeerProcess.Program]) async throws {
        let log = try await contest(programs)
        #expect(log.overlaps == [])
        #expect(log.errors == [])
        #expect(Set(log.holds.map(\.pid)).count == 2)
        #expect(log.handOvers >= 2, "\(log.counts)")
    }

    @Test("one that does not take the lock is noticed", arguments: [PeerProcess.Program.redisPy, .classic])
    func broken(_ program: PeerProcess.Program) async throws {
        let other = program == .classic ? PeerProcess.Program.redisPy : .classic
        let log = try await contest([program, other], broken: [true, false])
        #expect(log.overlaps.contains { $0.hasPrefix("OVERLAP") }, "by the file")
        #expect(log.overlaps.contains { $0.contains("took it while") }, "by the times")
        #expect(log.errors == [])
    }

    @Test("a client holds the lock until it is told, and another one waits", arguments: PeerProcess.Program.allCases)
    func holdAndWait(_ program: PeerProcess.Program) async throws {
        try await TestRedisServer.with { server in
            let before = PeerProcess.now
            let holder = try PeerProcess.hold(program, port: server.port, key: "lock:x")
            try await holder.line("held")
            #expect(try await server.command(["EXISTS", "lock:x"]) == .integer(1))
            let waiter = try PeerProcess.wait(program, port: server.port, key: "lock:x")
            try await Task.sleep(for: .milliseconds(300))
            #expect(waiter.output == "")
            let told = PeerProcess.now
            holder.send()
            let (released, acquired) = (try await holder.time("released"), try await waiter.time("acquired"))
            #expect(before < told && told < released && told < acquired)
            #expect(max(released, acquired) < PeerProcess.now)
            try await holder.finished()
            try await waiter.finished()
            #expect(try await server.command(["EXISTS", "lock:x"]) == .integer(0))
        }
    }

    @Test("a lock of python-redis-lock")
    func names() {
        #expect(PeerProcess.Program.pythonRedisLock.name(for: "lock:x") == "x")
        #expect(PeerProcess.Program.pythonRedisLock.key(for: "x") == "lock:x")
        #expect(PeerProcess.Program.classic.name(for: "lock:x") == "lock:x")
    }

    @Test("a peer that is killed is gone, and its lock stays")
    func killed() async throws {
        try await TestRedisServer.with { server in
            let holder = try PeerProcess.hold(.redisPy, port: server.port, key: "x")
            try await holder.line("held")
            try await holder.kill()
            #expect(kill(holder.pid, 0) == -1)
            #expect(try await server.command(["EXISTS", "x"]) == .integer(1))
        }
    }

    @Test("errors of a library are written down")
    func errors() async throws {
        let log = try ContestLog()
        let port = try Descriptors.freePort()
        let peer = try PeerProcess.contend(.classic, port: port, key: "x", seconds: 0.2, log: log)
        let second = try PeerProcess.contend(.redisPy, port: port, key: "x", seconds: 0.2, log: log)
        try await PeerProcess.begin([peer, second])
        try await peer.finished()
        try await second.finished()
        for name in ["classic", "redispy"] { #expect(log.errors.contains { $0.hasPrefix("ERROR \(name)") }) }
        #expect(log.holds.isEmpty)
    }

    @Test("a hold of the test itself is in the book, and is checked")
    func ownHolds() async throws {
        let log = try ContestLog()
        try await log.hold(as: "a")
        #expect(log.counts == ["a": 1])
        #expect(log.overlaps == [])
        try await log.hold(as: "b") { try await log.hold(as: "c") }
        #expect(log.overlaps.contains("OVERLAP c \(getpid())"))
        #expect(log.overlaps.count == 2)
    }
}
