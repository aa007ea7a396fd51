import DistributedLocks
import Synchronization
import Testing

/// Waits until `condition` holds; fails after about `seconds` seconds.
func eventually(
    _ what: Comment,
    seconds: Int = 20,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    for _ in 0..<seconds * 500 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(2))
    }
    Issue.record(what, sourceLocation: sourceLocation)
    throw CancellationError()
}

/// A claim for a fresh owner.
func claim(_ name: String, _ mode: LockMode = .exclusive) throws -> LockClaim {
    LockClaim(name: try LockName(name), mode: mode, owner: OwnerID(from: .system))
}

extension FileStore {
    func acquire(_ claim: LockClaim, _ patience: LockRequest.Patience = .unlimited) async throws -> Acquisition {
        let holder = Holder(host: "test", processID: 1, label: "\(claim.mode)")
        return try await acquire(LockRequest(claim: claim, holder: holder, ttl: .seconds(30), patience: patience))
    }

    /// Acquires, and expects a grant.
    func take(
        _ claim: LockClaim,
        _ patience: LockRequest.Patience = .unlimited,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Grant {
        guard case .granted(let grant) = try await acquire(claim, patience) else {
            Issue.record("not granted", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        return grant
    }

    /// Begins to wait in another task, and returns when the request is in the queue.
    func queue(_ claim: LockClaim) async throws -> Task<Acquisition, any Error> {
        let task = Task { try await acquire(claim) }
        try await eventually("\(claim.name) is queued") {
            try await status(of: claim.name).waiters.contains { $0.owner == claim.owner }
        }
        return task
    }
}

extension Acquisition {
    /// The grant; `nil` if there is none.
    var grant: Grant? {
        if case .granted(let grant) = self { grant } else { nil }
    }
}

/// Several stores in one directory: as many sessions, as if they were processes.
struct StoreRoom {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    var path: String { directory.path + "/locks" }

    func store(_ change: (inout FileStore.Configuration) -> Void = { _ in }) throws -> FileStore {
        var configuration = FileStore.Configuration(directory: path)
        change(&configuration)
        return try FileStore(configuration: configuration)
    }

    /// Runs `body` with two stores, which are closed afterwards.
    func withStores(_ body: (FileStore, FileStore) async throws -> Void) async throws {
        let (first, second) = (try store(), try store())
        do {
            try await body(first, second)
        } catch {
            await first.close()
            await second.close()
            throw error
        }
        await first.close()
        await second.close()
    }
}

/// Gathers what several tasks have to say.
final class Collector<Element: Sendable>: Sendable {
    private let all = Mutex<[Element]>([])

    var elements: [Element] { all.withLock { $0 } }

    func add(_ element: Element) { all.withLock { $0.append(element) } }
}
