import DistributedLocks
import Synchronization

extension StoreConformance {
    static let order = [
        ConformanceCheck(
            "order.fifo",
            "waiters of several clients are served in the order in which they came",
            if: .fifo,
            .mode(.exclusive)
        ) { scene in
            let (held, waiters) = try await line(scene, length: 8)
            try await serve(waiters, after: held, scene)
        },
        ConformanceCheck(
            "order.withdrawal",
            "a waiter that gives up does not change the order of the others",
            if: .fifo,
            .mode(.exclusive)
        ) { scene in
            var (held, waiters) = try await line(scene, length: 6)
            for place in [4, 2] {
                let waiter = waiters.remove(at: place)
                waiter.cancel()
                try await scene.expectCancelled(waiter)
                try await scene.withdraw(waiter)
            }
            try await serve(waiters, after: held, scene)
        },
        ConformanceCheck(
            "order.mixedModes",
            "waiters in different modes are served in order; those that can hold together do",
            if: .fifo,
            .mode(.exclusive),
            .mode(.shared),
            .mode(.permit),
            body: mixedModes
        ),
        ConformanceCheck(
            "order.noBarging",
            "an attempt without patience does not overtake a waiter, even if it is compatible with the holder",
            if: .fifo,
            .mode(.exclusive),
            .mode(.shared)
        ) { scene in
            let reader = scene.claim(.shared)
            try await scene.take(reader)
            let writer = try await scene.queue(scene.claim(), on: 1)
            for client in scene.clients.indices {
                let result = await scene.attempt(scene.claim(.shared), on: client)
                try scene.expect(
                    result.contention != nil,
                    "an attempt without patience does not overtake a waiter",
                    seen: result.summary
                )
            }
            try await scene.release(reader)
            _ = try await scene.granted(writer, "a waiting writer gets its turn when the readers before it are done")
        },
    ]

    /// A holder, and waiters of all clients in the order in which they came.
    private static func line(_ scene: Scene, length: Int) async throws -> (held: LockClaim, waiters: [Attempt]) {
        let held = scene.claim()
        try await scene.take(held)
        var waiters: [Attempt] = []
        for number in 0..<length { waiters.append(try await scene.queue(scene.claim(), on: number + 1)) }
        return (held, waiters)
    }

    /// Each in turn is granted when the one before has released, and nobody else is.
    private static func serve(_ waiters: [Attempt], after held: LockClaim, _ scene: Scene) async throws {
        try await scene.release(held)
        for (place, attempt) in waiters.enumerated() {
            let promise = "waiters are served in the order in which they came"
            try await scene.eventually(promise) { waiters[place...].contains { $0.result != nil } }
            if place == 0 { try await scene.observe() }
            let served = waiters[place...].indices.filter { waiters[$0].result != nil }
            try scene.expect(served == [place], promise, seen: "in place of waiter \(place): \(served)")
            _ = try await scene.granted(attempt, promise)
            _ = try await attempt.client.release(attempt.claim)
        }
        try await scene.expectIdle("nothing is left when all have released")
    }

    private static func mixedModes(_ scene: Scene) async throws {
        let groups: [[LockMode]] = [
            [.shared, .shared], [.exclusive], [.shared], [.permit(of: 2), .permit(of: 2)],
            [.permit(of: 2)], [.exclusive],
        ]
        let held = scene.claim()
        try await scene.take(held)
        var line: [[Attempt]] = []
        for (number, group) in groups.enumerated() {
            var attempts: [Attempt] = []
            for (place, mode) in group.enumerated() {
                attempts.append(try await scene.queue(scene.claim(mode), on: number + place))
            }
            line.append(attempts)
        }
        try await scene.release(held)
        for (place, group) in line.enumerated() {
            for attempt in group { _ = try await scene.granted(attempt, "group \(place) is served in its turn") }
            try await scene.expectHolders(group.map(\.claim), "exactly group \(place) holds the name")
            for attempt in group { _ = try await attempt.client.release(attempt.claim) }
        }
        try await scene.expectIdle("nothing is left when all have released")
    }
}
