import DistributedLocks
import Synchronization

/// Where one check plays: several clients of one store, names that nobody else uses, and a list of what to clear away.
final class Scene: Sendable {
    let fixture: StoreFixture
    let journal: Journal
    let clients: [any LockStore]
    /// What the names of this check begin with.
    let prefix: String
    /// The name that most checks are about.
    let name: LockName
    private let attempts = Mutex<[Attempt]>([])

    init(_ fixture: StoreFixture, journal: Journal) async throws {
        self.fixture = fixture
        self.journal = journal
        var clients: [any LockStore] = []
        for _ in 0..<max(1, fixture.clientCount) { clients.append(try await fixture.makeClient()) }
        self.clients = clients
        prefix = "conformance-\(OwnerID(from: .system))"
        name = try LockName(prefix)
    }

    /// The same clients once more, with fresh names.
    init(_ scene: Scene, again: Int) throws {
        fixture = scene.fixture
        journal = scene.journal
        clients = scene.clients
        prefix = "\(scene.prefix)-\(again)"
        name = try LockName(prefix)
    }

    var capabilities: StoreCapabilities { clients[0].capabilities }
    var clock: LeaseClock { clients[0].clock }

    /// A lease that outlasts the check.
    var longTTL: Duration { fit(fixture.limit * 4) }

    /// A lease that the check can wait for.
    var shortTTL: Duration { fit(fixture.shortTTL) }

    private func fit(_ ttl: Duration) -> Duration {
        guard let range = capabilities.ttlRange else { return ttl }
        return min(max(ttl, range.lowerBound), range.upperBound)
    }

    /// All requests that the check has sent itself.
    var begun: [Attempt] { attempts.withLock { $0 } }

    /// A service for each client.
    var services: [LockService] { clients.map { LockService($0) } }

    /// Clients in turn: 0, 1, 2, 0, 1, …
    func client(_ number: Int) -> any LockStore { clients[number % clients.count] }

    /// A name of this check.
    func name(_ suffix: String) throws -> LockName {
        try LockName(prefix + suffix)
    }

    /// Lets the store's time pass.
    func advance(by duration: Duration) async throws {
        if let pass = fixture.pass {
            try await pass(duration)
        } else {
            try await clock.sleep(for: duration)
        }
    }

    /// Looks on for a while, for something that must not happen.
    func observe() async throws {
        for _ in 0..<20 { await Task.yield() }
        try await fixture.limitClock.sleep(for: fixture.observation)
    }

    /// Waits until `condition` is true; the limit of the check is the only bound.
    func eventually(_ promise: String, _ condition: () async throws -> Bool) async throws {
        journal.step = promise
        var tries = 0
        while try await !condition() {
            try Task.checkCancellation()
            tries += 1
            if tries < 50 {
                await Task.yield()
            } else {
                try await fixture.limitClock.sleep(for: .milliseconds(1))
            }
        }
    }

    /// Fails the check unless `condition` is true.
    func expect(_ condition: Bool, _ promise: String, seen: @autoclosure () -> String) throws {
        guard condition else { throw journal.failure(promised: promise, seen: seen()) }
    }

    func remember(_ attempt: Attempt) {
        attempts.withLock { $0.append(attempt) }
    }

    /// Does what makes sense only before `instant`. If it fails, and it is later already, the check begins again.
    func before<Result>(_ instant: LeaseClock.Instant, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            throw instant <= clock.now ? TooSlow() : error
        }
    }

    /// ``before(_:_:)`` the end of a lease of ``shortTTL`` that is asked for now.
    func withinLease<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await before(LeaseTerm(ttl: shortTTL).deadline(confirmedBySending: clock.now), body)
    }

    /// Removes what the check has left behind, and closes its clients.
    func cleanUp() async {
        await clearAway()
        for client in clients { await client.close() }
    }

    /// Removes what the check has left behind, whatever the store thinks of it.
    func clearAway() async {
        journal.step = "what a check has left in the store can be removed"
        let attempts = begun
        for attempt in attempts { attempt.cancel() }
        for attempt in attempts { _ = try? await attempt.client.release(attempt.claim) }
        for attempt in attempts { _ = await attempt.end() }
    }
}
