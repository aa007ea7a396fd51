import DistributedLocks

extension StoreConformance {
    static let status = [
        ConformanceCheck("status.idle", "a name that nobody wants has an empty status") { scene in
            let status = try await scene.status()
            try scene.expect(status.name == scene.name, "the status is that of the name", seen: "\(status.name)")
            try await scene.expectIdle("a name that nobody has used is idle")
            try await scene.expectIdle("reading a status leaves nothing behind")
        },
        ConformanceCheck(
            "status.holder",
            "the status says, to every client, who holds a name, in which mode, as which owner and with which token",
            body: showsHolders
        ),
        ConformanceCheck(
            "status.waiters",
            "the status shows who waits, first come first",
            if: .fifo,
            .mode(.exclusive)
        ) { scene in
            try await scene.take(scene.claim())
            var waiters: [Attempt] = []
            for number in 0..<5 { waiters.append(try await scene.queue(scene.claim(), on: number)) }
            for client in scene.clients.indices {
                try await scene.eventually("every client sees all waiters") {
                    try await scene.client(client).status(of: scene.name).waiters.count == waiters.count
                }
                let seen = try await scene.status(client).waiters
                try scene.expect(
                    seen.map(\.owner) == waiters.map { Optional($0.claim.owner) },
                    "the status shows waiters in the order in which they came",
                    seen: "another order"
                )
                for (participant, waiter) in zip(seen, waiters) { try expect(participant, is: waiter.claim, scene) }
                try scene.expect(
                    seen.allSatisfy { $0.token == nil },
                    "a waiter has no token",
                    seen: "\(seen.compactMap(\.token))"
                )
            }
        },
        ConformanceCheck(
            "status.times",
            "since when somebody waits and since when somebody holds are two times, and a waiter has only the first",
            if: .fifo,
            .mode(.exclusive),
            body: tellsTimes
        ),
        ConformanceCheck(
            "status.tellsWaiters",
            "who waits is told once, when the request is queued, who is in the way; nobody else is",
            if: .fifo,
            .mode(.exclusive),
            body: tellsWaiters
        ),
        ConformanceCheck(
            "status.list",
            "the list shows all names in use, byte by byte and in byte order, and no others",
            if: .listsNames,
            .mode(.exclusive),
            body: lists
        ),
        ConformanceCheck(
            "status.listRefused",
            "a store that cannot list names says so",
            if: .cannotListNames
        ) { scene in
            do {
                _ = try await scene.client(0).list()
            } catch LockError.unsupported {
                return
            }
            throw scene.journal.failure(promised: "list() throws LockError.unsupported", seen: "it returned")
        },
    ]

    private static func showsHolders(_ scene: Scene) async throws {
        for kind in LockMode.Kind.allCases where scene.capabilities.modes.contains(kind) {
            let mode: LockMode =
                switch kind {
                case .exclusive: .exclusive
                case .shared: .shared
                case .permit: .permit(of: 3)
                }
            let claim = scene.claim(mode)
            let grant = try await scene.take(claim)
            for client in scene.clients.indices {
                try await scene.eventually("every client sees the holder") {
                    try await scene.client(client).status(of: scene.name).holders.count == 1
                }
                let holders = try await scene.status(client).holders
                for holder in holders {
                    try expect(holder, is: claim, scene)
                    try scene.expect(
                        holder.token == grant.token,
                        "the status shows the holder's token",
                        seen: "\(String(describing: holder.token)) for \(grant.token)"
                    )
                    try scene.expect(
                        (holder.remaining != nil) == scene.capabilities.expires,
                        "the status says how long a lease lasts, if it expires",
                        seen: "\(String(describing: holder.remaining))"
                    )
                }
            }
            try await scene.release(claim)
            try await scene.expectIdle("a released name is idle")
        }
    }

    /// As far as the store tells them; clocks are those of one machine here.
    private static func tellsTimes(_ scene: Scene) async throws {
        let held = scene.claim()
        try await scene.take(held)
        let waiter = try await scene.queue(scene.claim(), on: 1)
        let asked = waiter.request.holder.waitingSince
        let waiting = try await scene.status().waiters.first?.holder
        try scene.expect(
            waiting?.heldSince == nil,
            "a waiter has not held since any time",
            seen: "\(String(describing: waiting))"
        )
        try expectTime(waiting?.waitingSince, of: asked, scene)
        // What comes from joining the queue must be told apart from what comes from the grant, by whatever clock the store tells it.
        try await scene.observe()
        if scene.fixture.pass != nil { try await scene.advance(by: scene.fixture.observation) }
        try await scene.release(held)
        _ = try await scene.granted(waiter, "a released lock goes to who waits for it")
        let holding = try await scene.status().holders.first?.holder
        if holding?.waitingSince != nil { try expectTime(holding?.waitingSince, of: asked, scene) }
        guard let heldSince = holding?.heldSince, let asked else { return }
        let waited = Duration.microseconds(heldSince.microseconds - asked.microseconds)
        try scene.expect(
            waited >= scene.fixture.observation / 2,
            "a holder that has waited holds since its grant, not since it joined the queue",
            seen: "it holds since \(waited) after it has begun to wait"
        )
    }

    /// To the millisecond, which is what stores keep.
    private static func expectTime(_ seen: UnixTime?, of asked: UnixTime?, _ scene: Scene) throws {
        let difference = seen.flatMap { seen in asked.map { abs(seen.microseconds - $0.microseconds) } }
        try scene.expect(
            difference.map { $0 < 1_000 } ?? false,
            "a waiter waits since the time that its request says",
            seen: "\(seen.map(\.description) ?? "nothing") for \(asked.map(\.description) ?? "nothing")"
        )
    }

    private static func tellsWaiters(_ scene: Scene) async throws {
        let told = Log<Contention>()
        let held = scene.claim()
        let holder = scene.begin(held, onQueued: told.append)
        _ = try await scene.granted(holder, "a free name is granted")
        _ = await scene.begin(scene.claim(), on: 1, patience: .none, onQueued: told.append).end()
        try await scene.observe()
        try scene.expect(told.all.isEmpty, "who does not wait is not told so", seen: "\(told.all)")
        _ = try await scene.queue(scene.claim(), on: 1)
        let waiter = scene.begin(scene.claim(), on: 2, onQueued: told.append)
        try await scene.eventually("who waits is told who is in the way") { !told.all.isEmpty }
        try scene.expectWaiting(waiter)
        let status = try await scene.status(2)
        try scene.expect(
            status.waiters.contains { $0.owner == waiter.claim.owner },
            "who waits is told when the request is certainly queued",
            seen: "\(status.waiters.count) waiters, and not this one"
        )
        try await scene.release(held)
        try await scene.observe()
        try scene.expect(
            told.all.count == 1 && told.all[0].holders.map(\.label) == [scene.holder(of: held).label]
                && told.all[0].ahead == 1,
            "who waits is told once who is in the way",
            seen: "\(told.all)"
        )
    }

    private static func lists(_ scene: Scene) async throws {
        let names = try similarNames(scene)
        for (number, name) in names.enumerated() {
            try await scene.takeAtOnce(scene.claim(of: name), on: number, "similar names can be held side by side")
        }
        for client in scene.clients.indices {
            scene.journal.step = "names can be listed"
            let list = try await scene.client(client).list()
            let seen = list.map(\.name).filter { $0.text.contains(scene.prefix) }
            try scene.expect(
                seen == names.sorted(),
                "the list shows all names in byte order",
                seen: "\(seen.count) names for \(names.count), \(Set(names).subtracting(seen).map(quoted)) missing"
            )
            try scene.expect(list.allSatisfy { !$0.isIdle }, "the list shows no idle names", seen: "some")
        }
        for attempt in scene.begun { _ = try await attempt.client.release(attempt.claim) }
        let rest = try await scene.client(0).list().map(\.name).filter { $0.text.contains(scene.prefix) }
        try scene.expect(rest.isEmpty, "the list does not show released names", seen: "\(rest.map(quoted))")
    }

    private static func expect(
        _ participant: LockStatus.Participant,
        is claim: LockClaim,
        _ scene: Scene
    ) throws {
        let holder = scene.holder(of: claim)
        try scene.expect(
            participant.owner == claim.owner && participant.mode == claim.mode,
            "the status shows owner and mode",
            seen: "\(participant.mode) of \(participant.owner.map(\.description) ?? "nobody")"
        )
        try scene.expect(
            participant.holder.host == holder.host && participant.holder.processID == holder.processID
                && participant.holder.label == holder.label,
            "the status shows host, process and label of who asked",
            seen: "\(participant.holder)"
        )
    }
}
