import DistributedLocks
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("Two sessions in one directory")
struct FileStoreTests {
    private let room: StoreRoom

    init() throws {
        room = try StoreRoom()
    }

    @Test("one holds, the other waits and is handed the lock with a larger token")
    func handsOver() async throws {
        try await room.withStores { a, b in
            let (one, two) = (try claim("x"), try claim("x"))
            let first = try await a.take(one)
            let waiter = try await b.queue(two)
            #expect(try await a.release(one) == .released)
            let second = try #require(try await waiter.value.grant)
            #expect(second.token > first.token && second.claim == two)
            #expect(try await b.release(two) == .released)
            #expect(try await b.release(two) == .notHeld)
            #expect(try await a.list().isEmpty)
        }
    }

    @Test("first come, first served, across sessions")
    func fifo() async throws {
        try await room.withStores { a, b in
            let first = try claim("x")
            _ = try await a.take(first)
            let claims = try (0..<20).map { _ in try claim("x") }
            let order = Collector<OwnerID>()
            var tasks: [Task<Void, any Error>] = []
            for (index, claim) in claims.enumerated() {
                let store = index % 3 == 0 ? a : b
                tasks.append(
                    Task {
                        let grant = try await store.take(claim)
                        order.add(grant.claim.owner)
                        _ = try await store.release(claim)
                    }
                )
                try await eventually("queued") { try await a.status(of: claim.name).waiters.count == index + 1 }
            }
            _ = try await a.release(first)
            for task in tasks { try await task.value }
            #expect(order.elements == claims.map(\.owner))
        }
    }

    @Test("readers share, a writer waits for all of them and keeps later readers out")
    func sharedMode() async throws {
        try await room.withStores { a, b in
            let (r1, r2, w, r3) = (
                try claim("x", .shared), try claim("x", .shared), try claim("x"), try claim("x", .shared)
            )
            _ = try await a.take(r1)
            _ = try await b.take(r2)
            let writer = try await b.queue(w)
            #expect(try await a.acquire(r3, .none).grant == nil)
            let reader = try await a.queue(r3)
            _ = try await a.release(r1)
            #expect(try await a.status(of: w.name).holders.map(\.owner) == [r2.owner])
            _ = try await b.release(r2)
            #expect(try await writer.value.grant != nil)
            _ = try await b.release(w)
            #expect(try await reader.value.grant != nil)
        }
    }

    @Test("a semaphore lets in as many as it has permits, and all must agree how many")
    func permits() async throws {
        try await room.withStores { a, b in
            let claims = try (0..<4).map { _ in try claim("x", .permit(of: 2)) }
            _ = try await a.take(claims[0])
            _ = try await b.take(claims[1])
            let third = try await a.queue(claims[2])
            let fourth = try await b.queue(claims[3])
            await #expect(throws: LockError.self) { try await b.acquire(try claim("x", .permit(of: 3)), .none) }
            _ = try await b.release(claims[1])
            #expect(try await third.value.grant != nil)
            _ = try await a.release(claims[0])
            #expect(try await fourth.value.grant != nil)
        }
    }

    @Test("a request that must not wait is refused with who is in the way")
    func refused() async throws {
        try await room.withStores { a, b in
            _ = try await a.take(try claim("x"))
            guard case .unavailable(let contention) = try await b.acquire(try claim("x"), .none) else {
                Issue.record("granted")
                return
            }
            #expect(contention.holders.map(\.host) == ["test"] && contention.ahead == 0)
            #expect(try await b.status(of: LockName("x")).waiters.isEmpty)
        }
    }

    @Test("a deadline ends a wait, and leaves nothing behind")
    func deadline() async throws {
        try await room.withStores { a, b in
            let held = try claim("x")
            _ = try await a.take(held)
            let told = Collector<Contention>()
            let request = LockRequest(
                claim: try claim("x"),
                holder: Holder(),
                ttl: .seconds(1),
                patience: .until(b.clock.now.advanced(by: .milliseconds(20))),
                onQueued: { told.add($0) }
            )
            guard case .unavailable(let contention) = try await b.acquire(request) else {
                Issue.record("granted")
                return
            }
            #expect(contention.holders.count == 1 && contention.ahead == 0)
            #expect(told.elements.map(\.ahead) == [0])
            #expect(try await a.status(of: held.name).waiters.isEmpty)
        }
    }

    @Test("a cancelled wait ends at once, and releasing it takes it out of the queue")
    func cancellation() async throws {
        try await room.withStores { a, b in
            let (one, two, three) = (try claim("x"), try claim("x"), try claim("x"))
            _ = try await a.take(one)
            let second = try await b.queue(two)
            let third = try await a.queue(three)
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            #expect(try await b.release(two) == .released)
            _ = try await a.release(one)
            #expect(try await third.value.grant != nil)
        }
    }

    @Test("a repeated request gets the same answer, in the queue as well as after the grant")
    func idempotence() async throws {
        try await room.withStores { a, b in
            let (one, two) = (try claim("x"), try claim("x"))
            let first = try await a.take(one)
            #expect(try await a.take(one).token == first.token)
            let waits = [try await b.queue(two), try await b.queue(two)]
            #expect(try await a.status(of: one.name).waiters.count == 1)
            _ = try await a.release(one)
            let grants = [try await waits[0].value.grant, try await waits[1].value.grant].compactMap(\.self)
            #expect(grants.count == 2 && grants[0].token == grants[1].token)
            #expect(grants[0].lossSignal === grants[1].lossSignal)
        }
    }

    @Test("a forced release tells the holder, and hands the lock on")
    func forcedRelease() async throws {
        try await room.withStores { a, b in
            let (one, two) = (try claim("x"), try claim("x"))
            let lost = Collector<LossReason>()
            try await a.take(one).lossSignal?.listen { lost.add($0) }
            let waiter = try await b.queue(two)
            #expect(try await b.forceRelease(one.name, from: .any).map(\.host) == ["test"])
            #expect(try await waiter.value.grant != nil)
            try await eventually("told") { lost.elements == [.revoked] }
            #expect(try await a.release(one) == .notHeld)
            #expect(try await a.forceRelease(try LockName("nobody's"), from: .any).isEmpty)
        }
    }

    @Test("all names in use are listed, in order, and nothing else")
    func list() async throws {
        try await room.withStores { a, b in
            let long = String(repeating: "Ü", count: 512)
            for name in ["b", "A", "../x", long, "🔒"] { _ = try await a.take(try claim(name)) }
            let idle = try claim("idle")
            _ = try await b.take(idle)
            _ = try await b.release(idle)
            TemporaryDirectory.write(Array("hello".utf8), to: room.path + "/locks/foreign.lock")
            TemporaryDirectory.write([], to: room.path + "/locks/empty.lock")
            TemporaryDirectory.write([], to: room.path + "/locks/note.txt")
            #expect(try await b.list().map(\.name.text) == ["../x", "A", "b", long, "🔒"])
        }
    }

    @Test("closing ends waits, hands on what is held, and leaves no session behind")
    func close() async throws {
        let (a, b) = (try room.store(), try room.store())
        let (one, two, three) = (try claim("x"), try claim("x"), try claim("y"))
        let lost = Collector<LossReason>()
        try await a.take(one).lossSignal?.listen { lost.add($0) }
        _ = try await b.take(three)
        let waiter = try await b.queue(two)
        let ended = try await a.queue(try claim("y"))
        await a.close()
        await a.close()
        #expect(try await waiter.value.grant != nil)
        #expect(lost.elements == [.closed])
        await #expect(throws: LockError.closed(store: a.label)) { try await ended.value }
        await #expect(throws: LockError.closed(store: a.label)) { try await a.acquire(one) }
        #expect(try await a.release(one) == .notHeld)
        #expect(try await b.status(of: three.name).waiters.isEmpty)
        await b.close()
        #expect(TemporaryDirectory.entries(room.path + "/sessions").isEmpty)
    }

    @Test("at close, who waits for what this very store holds is told that it is closed, and is not granted first")
    func closeWithOwnWaiter() async throws {
        let store = try room.store()
        let events = Collector<String>()
        try await store.take(try claim("x")).lossSignal?.listen { _ in events.add("lost") }
        let waits = [try await store.queue(try claim("x")), try await store.queue(try claim("x", .shared))]
        await store.close()
        for wait in waits { await #expect(throws: LockError.closed(store: store.label)) { try await wait.value } }
        #expect(events.elements == ["lost"])
    }

    @Test("closing hands on what is held even if a forked process still has the session's files open")
    func closeWithDuplicates() async throws {
        let (a, b) = (
            try room.store { $0.tickInterval = .seconds(3_600) }, try room.store { $0.tickInterval = .seconds(3_600) }
        )
        _ = try await a.take(try claim("x"))
        let pipe = try #require(TemporaryDirectory.entries(room.path + "/sessions").first { $0.hasSuffix(".wake") })
        let waiter = try await b.queue(try claim("x"))
        // As long as it is open for writing, the kernel does not report the session's end.
        let duplicate = open("\(room.path)/sessions/\(pipe)", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { closeFile(duplicate) }
        // Past the waiter's second look at a session that it has just begun to watch.
        try await Task.sleep(for: .milliseconds(50))
        await a.close()
        #expect(try await waiter.value.grant != nil)
        await b.close()
    }

    @Test("a store that is just dropped leaves nothing behind")
    func dropped() async throws {
        let b = try room.store()
        let waiter: Task<Acquisition, any Error>
        do {
            let a = try room.store()
            _ = try await a.take(try claim("x"))
            waiter = try await b.queue(try claim("x"))
        }
        #expect(try await waiter.value.grant != nil)
        await b.close()
        #expect(TemporaryDirectory.entries(room.path + "/sessions").isEmpty)
    }

    @Test("a store can be made and closed without being used")
    func unused() async throws {
        let store = try room.store()
        #expect(try await store.release(try claim("x")) == .notHeld)
        await store.close()
        await #expect(throws: LockError.closed(store: store.label)) { try await store.acquire(try claim("x")) }
        #expect(room.directory.entries().isEmpty)
    }

    @Test("two long names that would share a file are noticed")
    func sharedFile() async throws {
        let store = try room.store()
        let (one, two) = (try claim(String(repeating: "a", count: 400)), try claim(String(repeating: "a", count: 401)))
        _ = try await store.take(one)
        let bytes = TemporaryDirectory.contents(room.path + "/locks/" + LockFileName.encode(one.name))
        TemporaryDirectory.write(bytes, to: room.path + "/locks/" + LockFileName.encode(two.name))
        await #expect(throws: LockError.self) { try await store.acquire(two) }
        await store.close()
    }

    @Test("labels and hosts that are too long are refused")
    func longLabels() async throws {
        let store = try room.store()
        let holder = Holder(label: String(repeating: "l", count: 257))
        let request = LockRequest(claim: try claim("x"), holder: holder, ttl: .seconds(1), patience: .none)
        await #expect(throws: LockError.self) { try await store.acquire(request) }
        await store.close()
    }
}

/// `close(2)`, which the method of that name hides.
private func closeFile(_ file: Int32) {
    close(file)
}
