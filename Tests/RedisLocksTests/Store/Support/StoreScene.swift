import DistributedLocks
import Synchronization
import TestSupport
import Testing

@testable import RedisLocks

/// A server, and bare stores on it, each another client.
struct StoreScene: Sendable {
    let server: TestRedisServer
    let stores: [RedisStore]

    /// Longer than any of these tests: nothing here is put right by the end of a lease.
    static let ttl = Duration.seconds(60)

    /// Runs all of it as long as the body runs.
    static func with(_ kind: ServerKind = .redis7, stores: Int = 3, _ body: (StoreScene) async throws -> Void)
        async throws
    {
        try await TestRedisServer.with(kind) { server in
            let stores = try (0..<stores).map { _ in try patientStore(port: server.port) }
            let result: Result<Void, any Error>
            do { result = .success(try await body(StoreScene(server: server, stores: stores))) } catch {
                result = .failure(error)
            }
            for store in stores { await store.close() }
            try result.get()
        }
    }

    /// A store that waits long for answers, since a machine may be busy.
    static func patientStore(port: Int) throws -> RedisStore {
        try FaultScene.makeStore(port: port) {
            $0.requestTimeout = .seconds(5)
            $0.connectTimeout = .seconds(5)
        }
    }

    /// A fresh request.
    static func request(
        _ name: LockName? = nil,
        ttl: Duration = ttl,
        patience: LockRequest.Patience = .unlimited,
        label: String? = nil,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) throws -> LockRequest {
        var holder = Holder.currentProcess
        holder.waitingSince = WallClock.system.now
        holder.label = label
        return LockRequest(
            claim: LockClaim(
                name: try name ?? LockName(FaultScene.name),
                mode: .exclusive,
                owner: OwnerID(from: .system)
            ),
            holder: holder,
            ttl: ttl,
            patience: patience,
            onQueued: onQueued
        )
    }

    /// Takes a lock that is free.
    func take(_ request: LockRequest, on store: Int) async throws -> Grant {
        guard case .granted(let grant) = try await stores[store].acquire(request) else {
            throw TimedOut(what: "a grant")
        }
        return grant
    }

    /// Waits for a lock that is held; returns once it is queued.
    func queue(_ request: LockRequest, on store: Int) async throws -> Task<Grant, any Error> {
        let before = try await waiterCount(of: request.claim.name)
        let task = Task { try await take(request, on: store) }
        try await waitUntil("a waiter") { try await waiterCount(of: request.claim.name) == before + 1 }
        return task
    }

    /// How many wait.
    func waiterCount(of name: LockName) async throws -> Int {
        try await stores[0].status(of: name).waiters.count
    }

    /// For how many milliseconds the lock lasts.
    func remaining(_ name: String = FaultScene.name) async throws -> Int64 {
        Int64(try await server.command(["PTTL", name]).number ?? -3)
    }

    /// The time of the server, in microseconds.
    func serverTime() async throws -> Int64 {
        let words = try await server.command(["TIME"]).items.compactMap { $0.text.flatMap { Int64($0) } }
        guard words.count == 2 else { throw TimedOut(what: "the time") }
        return words[0] * 1_000_000 + words[1]
    }
}

/// What a holder has been told of its loss.
final class Losses: Sendable {
    private let reasons = Mutex<[LossReason]>([])

    init(of grant: Grant) {
        grant.lossSignal?.listen { reason in self.reasons.withLock { $0.append(reason) } }
    }

    var all: [LossReason] { reasons.withLock(\.self) }
}
