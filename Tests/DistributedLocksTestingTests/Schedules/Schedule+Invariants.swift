import DistributedLocks
import DistributedLocksTesting

/// What went wrong in which schedule.
struct ScheduleFailure: Error, CustomStringConvertible {
    let seed: UInt64
    let problem: String
    let history: [Step]

    var description: String {
        "seed \(seed): \(problem)\n" + history.enumerated().map { "  \($0): \($1)" }.joined(separator: "\n")
    }
}

extension Schedule {
    /// What must hold at any moment.
    func checkInvariants() async throws {
        let looked = trials.filter { $0.lease != nil }.map { (trial: $0, wasLost: $0.wasLost, lease: $0.liveLease) }
        for look in looked where look.wasLost && look.lease != nil { throw failure("a lost lease came back") }
        let live = looked.filter { $0.lease != nil }.map(\.trial)
        var held: [LockName: Set<FencingToken>] = [:]
        if !live.isEmpty {
            for status in try await book.list() { held[status.name] = Set(status.holders.compactMap(\.token)) }
        }
        // What was live before and is live now was live at all times in between.
        let leases = live.compactMap(\.liveLease)
        for lease in leases where held[lease.name]?.contains(lease.fencingToken) != true {
            throw failure(
                "\(lease.name) \(lease.fencingToken) counts as \(lease.state), and the store knows nothing of it"
            )
        }
        for name in names { try checkExclusion(leases.filter { $0.name == name }) }
        if let disorder = await book.disorder() { throw failure(disorder) }
    }

    private func checkExclusion(_ leases: [Lease]) throws {
        let modes = leases.map(\.mode)
        let isFine: Bool =
            switch modes.first {
            case nil: true
            case .exclusive: modes.count == 1
            case .shared: modes.allSatisfy { $0 == .shared }
            case .permit(let limit): modes.count <= limit && modes.allSatisfy { $0.kind == .permit }
            }
        if !isFine { throw failure("held together: \(leases.map { "\($0.mode) \($0.fencingToken)" })") }
    }

    /// Everything comes to an end by itself once lines are mended and leases are released, and nothing is left.
    func finish() async throws {
        for participant in participants {
            participant.line.heal()
            participant.line.reconnect()
            participant.line.resume()
        }
        if seed % 5 == 0 { for trial in trials { trial.cancel() } }
        var drains: [Chore]?
        for round in 0..<4_000 {
            for lease in trials.compactMap(\.liveLease) { release(lease) }
            let isQuiet = trials.allSatisfy(\.hasEnded) && releases.allSatisfy(\.hasEnded)
            if isQuiet, drains == nil { drains = participants.map { one in Chore { await one.service.drain() } } }
            if isQuiet, drains?.allSatisfy(\.hasEnded) == true, try await book.list().isEmpty {
                return try await checkInvariants()
            }
            for _ in 0..<10 { await Task.yield() }
            clock.jump(by: .seconds(1))
            if round % 200 == 199 { try await ContinuousClock().sleep(for: .milliseconds(5)) }
        }
        throw failure("it does not end: \(try await leftovers(drains))")
    }

    private func leftovers(_ drains: [Chore]?) async throws -> String {
        let list = try await book.list().map { "\($0.name): \($0.holders.count) holders, \($0.waiters.count) waiters" }
        return "\(trials.count { !$0.hasEnded }) acquires, \(releases.count { !$0.hasEnded }) releases, "
            + "\(drains?.count { !$0.hasEnded } ?? 0) drains under way; in the store: \(list)"
    }

    private func failure(_ problem: String) -> ScheduleFailure {
        ScheduleFailure(seed: seed, problem: problem, history: history)
    }
}
