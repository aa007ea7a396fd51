import DistributedLocks
import Synchronization

extension StoreConformance {
    static let forcedRelease = [
        ConformanceCheck(
            "forcedRelease.handsOn",
            "a forced release says whom it cut off, and hands the name to the next",
            if: .forcesRelease,
            .mode(.exclusive)
        ) { scene in
            let held = scene.claim()
            let grant = try await scene.take(held)
            let first = try await scene.queue(scene.claim(), on: 1)
            let second = try await scene.queue(scene.claim(), on: 2)
            try await force(scene, on: 2, cutsOff: [held])
            if scene.capabilities.ordering == .fifo {
                let next = try await scene.granted(first, "a forced release hands the name to the next")
                try scene.expect(next.token > grant.token, "tokens grow", seen: "\(next.token) after \(grant.token)")
                try await scene.expectHolders([first.claim], "a forced release cuts off the holder, not the waiters")
                try scene.expectWaiting(second)
            } else {
                try await scene.eventually("a forced release hands the name to the next") {
                    first.result != nil || second.result != nil
                }
            }
        },
        ConformanceCheck(
            "forcedRelease.allHolders",
            "a forced release cuts off all who hold together",
            if: .forcesRelease,
            .mode(.shared)
        ) { scene in
            let readers = (0..<3).map { _ in scene.claim(.shared) }
            for (number, reader) in readers.enumerated() { try await scene.take(reader, on: number) }
            try await force(scene, on: 0, cutsOff: readers)
            try await scene.expectIdle("nobody holds a name after its forced release")
        },
        ConformanceCheck(
            "forcedRelease.old",
            "who was cut off cannot disturb the next holder",
            if: .forcesRelease,
            .mode(.exclusive)
        ) { scene in
            let old = scene.claim()
            try await scene.take(old)
            try await force(scene, on: 1, cutsOff: [old])
            let next = scene.claim()
            try await scene.take(next, on: 1)
            if scene.capabilities.expires { try await expectRefusal(of: old, scene) }
            let outcome = try await scene.client(0).release(old)
            try scene.expect(outcome == .notHeld, "who was cut off has nothing to release", seen: "\(outcome)")
            try await scene.expectHolders([next], "who was cut off cannot release the next holder's claim")
        },
        ConformanceCheck(
            "forcedRelease.idle",
            "a forced release of a name that nobody holds does nothing",
            if: .forcesRelease
        ) { scene in
            let conditions: [HolderCondition] = [
                .any, .owner(scene.claim().owner), .token(FencingToken(rawValue: 1)),
            ]
            for condition in conditions { try await force(scene, on: 0, from: condition, cutsOff: []) }
            try await scene.expectIdle("a forced release of nothing leaves nothing")
        },
        ConformanceCheck(
            "forcedRelease.condition",
            "a forced release from an owner or a token cuts off that holder, and nobody if somebody else holds the name",
            if: .forcesRelease,
            .mode(.exclusive),
            body: heedsCondition
        ),
        ConformanceCheck(
            "forcedRelease.oneOfMany",
            "a forced release from an owner or a token leaves those alone that hold together with it",
            if: .forcesRelease,
            .mode(.shared)
        ) { scene in
            let readers = (0..<4).map { _ in scene.claim(.shared) }
            var grants: [Grant] = []
            for (number, reader) in readers.enumerated() { grants.append(try await scene.take(reader, on: number)) }
            try await force(scene, on: 0, from: .token(grants[1].token), cutsOff: [readers[1]])
            try await force(scene, on: 1, from: .owner(readers[2].owner), cutsOff: [readers[2]])
            try await scene.expectHolders([readers[0], readers[3]], "a condition means one holder")
        },
        ConformanceCheck(
            "forcedRelease.signal",
            "who is cut off is told, for the reason \"revoked\"; nobody else is",
            if: .forcesRelease,
            .signalsLoss,
            .mode(.exclusive),
            body: signals
        ),
        ConformanceCheck(
            "forcedRelease.refused",
            "a store that has no forced release says so",
            if: .cannotForceRelease
        ) { scene in
            do {
                _ = try await scene.client(0).forceRelease(scene.name, from: .any)
            } catch LockError.unsupported {
                return
            }
            throw scene.journal.failure(promised: "forceRelease(_:) throws LockError.unsupported", seen: "it returned")
        },
    ]

    private static func heedsCondition(_ scene: Scene) async throws {
        let held = scene.claim()
        let grant = try await scene.take(held)
        let waiter = try await scene.queue(scene.claim(), on: 1)
        let others: [HolderCondition] = [
            .owner(waiter.claim.owner), .owner(scene.claim().owner),
            .token(FencingToken(rawValue: grant.token.rawValue + 1)), .token(FencingToken(rawValue: 0)),
        ]
        for condition in others {
            try await expectBusy(scene, from: condition, heldBy: held)
            try scene.expectWaiting(waiter)
        }
        try await scene.expectHolders([held], "a forced release from somebody else changes nothing")
        try await force(scene, on: 2, from: .owner(held.owner), cutsOff: [held])
        let next = try await scene.granted(waiter, "a forced release hands the name to the next")
        try await expectBusy(scene, from: .token(grant.token), heldBy: waiter.claim)
        try await force(scene, on: 0, from: .token(next.token), cutsOff: [waiter.claim])
        try await scene.expectIdle("nobody holds a name after its forced release")
    }

    private static func expectBusy(_ scene: Scene, from condition: HolderCondition, heldBy claim: LockClaim)
        async throws
    {
        let promise =
            "a forced release from somebody who does not hold the name throws LockError.busy, with its holders"
        scene.journal.step = promise
        do {
            let holders = try await scene.client(1).forceRelease(scene.name, from: condition)
            throw scene.journal.failure(promised: promise, seen: "\(holders.count) holders cut off")
        } catch LockError.busy(_, let contention) {
            let labels = contention.holders.map(\.label)
            try scene.expect(labels == [scene.holder(of: claim).label], promise, seen: "\(contention.holders)")
        }
    }

    private static func force(
        _ scene: Scene,
        on client: Int,
        from condition: HolderCondition = .any,
        cutsOff claims: [LockClaim]
    ) async throws {
        scene.journal.step = "a forced release is answered"
        let holders = try await scene.client(client).forceRelease(scene.name, from: condition)
        let wanted = Set(claims.map { scene.holder(of: $0).label })
        try scene.expect(
            Set(holders.map(\.label)) == wanted && holders.count == claims.count,
            "a forced release says whom it cut off",
            seen: "\(holders)"
        )
    }

    private static func signals(_ scene: Scene) async throws {
        let held = scene.claim()
        let heard = LossRecord(try await scene.take(held))
        let bystander = LossRecord(try await scene.take(scene.claim(of: scene.name("/other"))))
        let waiter = try await scene.queue(scene.claim(), on: 1)
        try scene.expect(heard.hasSignal, "a store that signals losses gives each grant a signal", seen: "none")
        try await force(scene, on: 1, cutsOff: [held])
        try await scene.eventually("who is cut off is told") { heard.reasons.isEmpty == false }
        let next = LossRecord(try await scene.granted(waiter, "a forced release hands the name to the next"))
        try await scene.observe()
        try scene.expect(
            heard.reasons == [.revoked],
            "the loss is signalled once, as revoked",
            seen: "\(heard.reasons)"
        )
        try scene.expect(
            bystander.reasons.isEmpty && next.reasons.isEmpty,
            "nobody else is told",
            seen: "\(bystander.reasons + next.reasons)"
        )
    }
}

/// Hears what a grant's signal says.
final class LossRecord: Sendable {
    let hasSignal: Bool
    private let heard = Mutex<[LossReason]>([])

    init(_ grant: Grant) {
        hasSignal = grant.lossSignal != nil
        grant.lossSignal?.listen { [weak self] reason in self?.heard.withLock { $0.append(reason) } }
    }

    var reasons: [LossReason] { heard.withLock { $0 } }
}
