import DistributedLocks

extension StoreConformance {
    static let modes = [
        ConformanceCheck(
            "modes.shared",
            "any number hold together in shared mode, and keep an exclusive claim out until the last has released",
            if: .mode(.shared),
            .mode(.exclusive)
        ) { scene in
            let readers = (0..<4).map { _ in scene.claim(.shared) }
            for (number, reader) in readers.enumerated() { try await scene.take(reader, on: number) }
            try await scene.expectHolders(readers, "shared claims hold together")
            let writer = try await scene.queue(scene.claim(), on: 1)
            for (number, reader) in readers.enumerated() {
                try await scene.observe()
                try scene.expectWaiting(writer, promise: "an exclusive claim waits for all shared ones")
                try await scene.release(reader, on: number)
            }
            _ = try await scene.granted(writer, "an exclusive claim follows the last shared one")
        },
        ConformanceCheck(
            "modes.excludeEachOther",
            "a name that is held in one mode is refused in the others",
            body: excludeEachOther
        ),
        ConformanceCheck(
            "modes.writerIsNotStarved",
            "a stream of readers does not keep a writer from its turn",
            if: .mode(.shared),
            .mode(.exclusive),
            .fifo
        ) { scene in
            var reader = scene.claim(.shared)
            try await scene.take(reader)
            let writer = try await scene.queue(scene.claim(), on: 1)
            var later: [Attempt] = []
            for number in 0..<4 { later.append(try await scene.queue(scene.claim(.shared), on: number)) }
            try await scene.release(reader)
            _ = try await scene.granted(writer, "a writer gets its turn before the readers that came after it")
            for attempt in later {
                try scene.expectWaiting(attempt, promise: "readers wait for the writer before them")
            }
            try await scene.release(writer.claim, on: 1)
            reader = later[0].claim
            for attempt in later { _ = try await scene.granted(attempt, "readers follow the writer") }
        },
        ConformanceCheck(
            "modes.permits",
            "a semaphore grants its permits, all of them and not one more",
            if: .mode(.permit)
        ) { scene in
            let holders = (0..<3).map { _ in scene.claim(.permit(of: 3)) }
            for (number, claim) in holders.enumerated() { try await scene.take(claim, on: number) }
            try await scene.expectRefused(scene.claim(.permit(of: 3)), "there are no more permits than the limit")
            try await scene.release(holders[1], on: 1)
            let another = scene.claim(.permit(of: 3))
            try await scene.take(another, on: 2)
            try await scene.expectHolders(
                [holders[0], holders[2], another],
                "a permit that came back is granted again"
            )
            try await scene.expectRefused(scene.claim(.permit(of: 3)), "there are no more permits than the limit")
        },
        ConformanceCheck(
            "modes.permitsInACrowd",
            "of many tasks of several clients, as many hold a permit at a time as there are, and all have their turn",
            if: .mode(.permit)
        ) { scene in
            let highest = try await crowd(scene, mode: .permit(of: 2))
            try scene.expect(highest <= 2, "two holders of two permits at the most", seen: "\(highest) at a time")
            try await scene.expectIdle("nothing is left when all have released")
        },
        ConformanceCheck(
            "modes.permitLimit",
            "whoever names another number of permits than those who use the name is refused as invalid",
            if: .mode(.permit)
        ) { scene in
            let held = scene.claim(.permit(of: 2))
            try await scene.take(held)
            for limit in [1, 3] {
                for client in scene.clients.indices {
                    let result = await scene.attempt(scene.claim(.permit(of: limit)), on: client)
                    guard case .failure(let error) = result, case LockError.invalid = error else {
                        let promise = "a request with another number of permits ends with LockError.invalid"
                        throw scene.journal.failure(promised: promise, seen: result.summary)
                    }
                }
            }
            try await scene.expectHolders([held], "a refused request leaves the holders alone")
            try await scene.take(scene.claim(.permit(of: 2)), on: 1)
        },
    ]

    private static func excludeEachOther(_ scene: Scene) async throws {
        let all: [LockMode] = [.exclusive, .shared, .permit(of: 2)]
        let modes = all.filter { scene.capabilities.modes.contains($0.kind) }
        for (number, mode) in modes.enumerated() {
            let held = scene.claim(mode)
            try await scene.take(held, on: number)
            for other in modes where other.kind != mode.kind {
                try await scene.expectRefused(
                    scene.claim(other),
                    on: number + 1,
                    "a name that is held as \(mode) is refused as \(other)"
                )
            }
            try await scene.release(held, on: number)
        }
    }
}
