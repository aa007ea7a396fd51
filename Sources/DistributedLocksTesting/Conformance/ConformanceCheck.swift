import DistributedLocks

/// One promise of `LockStore`, and how to find out whether a store keeps it.
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
            race.end(.failure(journal.found ?? journal.stuck(after: fixture.limit)))
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
        var scene: Scene
        do {
            scene = try await Scene(fixture, journal: journal)
        } catch {
            return .failure(journal.failure(promised: "the fixture makes clients", seen: "it threw \(error)"))
        }
        var result = await examine(scene)
        for again in 1..<Self.tries where result == nil {
            await scene.clearAway()
            guard let next = try? Scene(scene, again: again) else { break }
            scene = next
            result = await examine(scene)
        }
        if case .failure(let failure) = result { journal.found = failure }
        await scene.cleanUp()
        return result ?? .success(.skipped(reason: "this machine was too slow to tell, \(Self.tries) times"))
    }

    private static let tries = 5

    /// `nil` if time went by so fast that nothing can be said.
    private func examine(_ scene: Scene) async -> Result<ConformanceOutcome, ConformanceFailure>? {
        for requirement in requirements {
            if let reason = requirement.unmetReason(scene.capabilities) { return .success(.skipped(reason: reason)) }
        }
        do {
            try await body(scene)
            return .success(.passed)
        } catch is TooSlow {
            return nil
        } catch let skip as Skip {
            return .success(.skipped(reason: skip.reason))
        } catch let failure as ConformanceFailure {
            return .failure(failure)
        } catch {
            return .failure(scene.journal.failure(promised: scene.journal.step, seen: "an error: \(error)"))
        }
    }
}

/// Thrown by a check whose premises no longer hold, since this process was kept from running for too long.
struct TooSlow: Error {}

/// Thrown by a check that finds out on the way that it does not apply.
struct Skip: Error {
    let reason: String
}
