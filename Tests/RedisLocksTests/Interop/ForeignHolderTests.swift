import DistributedLocks
import RedisLocks
import Testing

/// Without being told, the first waiter looks again after a third of its lease of 30 s: after 9 s and more.
@Suite("Waiting for what another program has locked", .timeLimit(.minutes(3)))
struct ForeignHolderTests {
    private static let soon = Duration.seconds(6)

    @Test("ends when its program deletes it, however often it has extended it", arguments: ForeignLock.allCases)
    func deleted(_ foreign: ForeignLock) async throws {
        // What has our form is taken for ours, which hands over when it releases; nobody deletes that.
        guard foreign != .ofOurForm else { return }
        try await OwnStore.with { own in
            let claim = own.makeClaim()
            try await foreign.put(at: OwnStore.key, besides: claim.owner, on: own.server)
            let waiter = try await own.wait(claim)
            for _ in 0..<3 {
                // Long enough for the server to have been asked to tell of the key's next change.
                try await Task.sleep(for: .milliseconds(100))
                try await own.server.command(["PEXPIRE", OwnStore.key, "60000"])
            }
            try await Task.sleep(for: .milliseconds(100))
            let deleted = own.store.clock.now
            try await own.server.command(["DEL", OwnStore.key])
            #expect(deleted.duration(to: try await waiter.value) < Self.soon)
        }
    }

    @Test("ends when it expires, and not before")
    func expired() async throws {
        try await OwnStore.with { own in
            try await own.server.command(["SET", OwnStore.key, "token", "PX", "700"])
            let waiter = try await own.wait(own.makeClaim())
            try await own.server.command(["PEXPIRE", OwnStore.key, "1500"])
            let extended = own.store.clock.now
            let waited = extended.duration(to: try await waiter.value)
            // The server has read the time before it has answered.
            #expect(waited > .milliseconds(1_000))
            #expect(waited < .milliseconds(1_500) + Self.soon)
        }
    }

    @Test("ends when it is deleted, if it took the place of a lock of ours while we waited for that")
    func takenMeanwhile() async throws {
        try await OwnStore.with { own in
            // The holder is another client: what the server tells that one is not told to the waiter.
            try await own.withAnother { other in
                guard case .granted = try await other.acquire(other.makeClaim(), ttl: .seconds(1), patience: .none)
                else {
                    Issue.record("a free lock is busy")
                    return
                }
                let waiter = try await own.wait(own.makeClaim())
                try await own.server.command(["SET", OwnStore.key, "token", "PX", "60000"])
                // By then the waiter has looked whether the lease of the first holder is over.
                try await Task.sleep(for: .milliseconds(1_500))
                let deleted = own.store.clock.now
                try await own.server.command(["DEL", OwnStore.key])
                #expect(deleted.duration(to: try await waiter.value) < Self.soon)
            }
        }
    }

    @Test("goes on in order when the first waiter leaves", arguments: [true, false])
    func firstLeaves(isOfSameClient: Bool) async throws {
        try await OwnStore.with { own in
            try await own.withAnother { other in
                try await own.server.command(["SET", OwnStore.key, "token", "PX", "60000"])
                let claim = own.makeClaim()
                let first = try await (isOfSameClient ? own : other).wait(claim)
                let second = try await own.wait(own.makeClaim())
                first.cancel()
                await #expect(throws: CancellationError.self) { try await first.value }
                _ = try await own.store.release(claim)
                for _ in 0..<2 {
                    try await own.server.command(["PEXPIRE", OwnStore.key, "60000"])
                    try await Task.sleep(for: .milliseconds(200))
                }
                let deleted = own.store.clock.now
                try await own.server.command(["DEL", OwnStore.key])
                #expect(deleted.duration(to: try await second.value) < Self.soon)
            }
        }
    }
}
