import DistributedLocks

/// One promise of ``LockStore``, and how to find out whether a store keeps it.
public struct ConformanceCheck: Sendable, Identifiable, CustomStringConvertible {
    /// Names the check; stable, and unique among all checks. For example `order.fifo`.
    public let name: String
    /// What is checked, as a sentence.
    public let promise: String
    let requirements: [Requirement]
    let body: @Sendable (Scene) async throws -> Void

    init(
        _ name: String,
        _ promise: String,
        if requirements: Requirement...,
        body: @escaping @Sendable (Scene) async throws -> Void
    ) {
        self.name = name
        self.promise = promise
        self.requirements = requirements
        self.body = body
    }

    /// The ``name``.
    public var id: String { name }

    /// The ``name``.
    public var description: String { name }

    /// Examines a store. Takes ``StoreFixture/limit`` at the most, also if the store is stuck.
    ///
    /// All that the check leaves in the store is removed, and its clients are closed, before this returns, unless the
    /// store is stuck.
    ///
    /// - Parameter fixture: The store; not to be used for another check.
    /// - Returns: Whether the check was run at all.
    /// - Throws: ``ConformanceFailure``; whatever the store throws unasked becomes one, too.
    public func run(on fixture: StoreFixture) async throws(ConformanceFailure) -> ConformanceOutcome {
        let journal = Journal(check: name)
        let race = Race<Result<ConformanceOutcome, ConformanceFailure>>()
        let work = Task { race.end(await examine(fixture, journal)) }
        let watchdog = Task {
            guard (try? await fixture.limitClock.sleep(for: fixture.limit)) != nil else { return }
            race.end(.failure(journal.stuck(after: fixture.limit)))
            work.cancel()
        }
        let result = await withTaskCancellationHandler {
            await race.winner()
        } onCancel: {
            work.cancel()
        }
        watchdog.cancel()
        return try result.get()
    }

    private func examine(
        _ fixture: StoreFixture,
        _ journal: Journal
    ) async -> Result<ConformanceOutcome, ConformanceFailure> {
        let scene: Scene
        do {
            scene = try await Scene(fixture, journal: journal)
        } catch {
            return .failure(journal.failure(promised: "the fixture makes clients", seen: "it threw \(error)"))
        }
        let result = await examine(scene)
        await scene.cleanUp()
        return result
    }

    private func examine(_ scene: Scene) async -> Result<ConformanceOutcome, ConformanceFailure> {
        for requirement in requirements {
            if let reason = requirement.unmetReason(scene.capabilities) { return .success(.skipped(reason: reason)) }
        }
        do {
            try await body(scene)
            return .success(.passed)
        } catch let skip as Skip {
            return .success(.skipped(reason: skip.reason))
        } catch let failure as ConformanceFailure {
            return .failure(failure)
        } catch {
            return .failure(scene.journal.failure(promised: scene.journal.step, seen: "an error: \(error)"))
        }
    }
}

/// Thrown by a check that finds out on the way that it does not apply.
struct Skip: Error {
    let reason: String
}
