import DistributedLocks

extension StoreConformance {
    static let tokens = [
        ConformanceCheck(
            "tokens.again",
            "each acquisition of a name has a larger token than the one before, whichever client asks",
            if: .mode(.exclusive)
        ) { scene in
            var ledger = TokenLedger(scene)
            for number in 0..<10 {
                let claim = scene.claim()
                try ledger.enter(try await scene.take(claim, on: number))
                try await scene.release(claim, on: number)
                try await scene.expectIdle("a released name that nobody wants is idle", on: number)
            }
        },
        ConformanceCheck(
            "tokens.handOver",
            "tokens grow in the order in which waiters are granted",
            if: .mode(.exclusive)
        ) { scene in
            let grants = Log<Grant>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<(2 * scene.clients.count) {
                    group.addTask {
                        for _ in 0..<5 {
                            let attempt = scene.begin(scene.claim(), on: number)
                            grants.append(try await scene.granted(attempt, "everybody gets their turn"))
                            try await scene.release(attempt.claim, on: number)
                        }
                    }
                }
                try await group.waitForAll()
            }
            var ledger = TokenLedger(scene)
            for grant in grants.all { try ledger.enter(grant) }
        },
        ConformanceCheck(
            "tokens.modes",
            "tokens grow across changes of mode, and differ among holders that hold together",
            if: .mode(.exclusive),
            .mode(.shared),
            .mode(.permit)
        ) { scene in
            var ledger = TokenLedger(scene)
            let rounds: [[LockMode]] = [
                [.exclusive], [.shared, .shared, .shared], [.permit(of: 2), .permit(of: 2)], [.exclusive],
            ]
            for modes in rounds {
                let claims = modes.map { scene.claim($0) }
                for (number, claim) in claims.enumerated() {
                    try ledger.enter(try await scene.take(claim, on: number))
                }
                for (number, claim) in claims.enumerated() { try await scene.release(claim, on: number) }
            }
        },
        ConformanceCheck(
            "tokens.together",
            "waiters that are granted in one step have different tokens, in their order",
            if: .mode(.exclusive),
            .mode(.shared),
            .fifo
        ) { scene in
            var ledger = TokenLedger(scene)
            let held = scene.claim()
            try ledger.enter(try await scene.take(held))
            var readers: [Attempt] = []
            for number in 0..<6 { readers.append(try await scene.queue(scene.claim(.shared), on: number)) }
            try await scene.release(held)
            for reader in readers {
                try ledger.enter(try await scene.granted(reader, "readers hold a released name together"))
            }
        },
        ConformanceCheck(
            "tokens.forcedRelease",
            "the one who comes after a forced release has a larger token",
            if: .mode(.exclusive),
            .forcesRelease
        ) { scene in
            var ledger = TokenLedger(scene)
            for number in 0..<3 {
                try ledger.enter(try await scene.take(scene.claim(), on: number))
                _ = try await scene.client(number + 1).forceRelease(scene.name, from: .any)
            }
        },
        ConformanceCheck(
            "tokens.expiry",
            "the one who comes after an expired holder has a larger token",
            if: .mode(.exclusive),
            .expiring
        ) { scene in
            var ledger = TokenLedger(scene)
            for number in 0..<3 {
                try ledger.enter(try await scene.take(scene.claim(), on: number, ttl: scene.shortTTL))
                try await scene.advance(by: scene.shortTTL + scene.fixture.slack)
            }
        },
    ]
}

/// Tokens of one name in the order in which it was acquired.
struct TokenLedger {
    private let scene: Scene
    private var last: FencingToken?

    init(_ scene: Scene) {
        self.scene = scene
    }

    mutating func enter(_ grant: Grant) throws {
        let promise = "a fencing token is larger than that of every earlier grant of the name"
        if let last { try scene.expect(grant.token > last, promise, seen: "\(grant.token) after \(last)") }
        last = grant.token
    }
}
