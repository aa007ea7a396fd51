import DistributedLocks

extension Scene {
    /// A claim with an owner of its own.
    func claim(_ mode: LockMode = .exclusive, of name: LockName? = nil) -> LockClaim {
        LockClaim(name: name ?? self.name, mode: mode, owner: OwnerID(from: .system))
    }

    /// Who asks for `claim`; the label tells which one it is.
    func holder(of claim: LockClaim) -> Holder {
        var holder = Holder.currentProcess
        holder.label = "conformance \(claim.owner)"
        holder.waitingSince = WallClock.system.now
        return holder
    }

    func request(
        _ claim: LockClaim,
        patience: LockRequest.Patience = .unlimited,
        ttl: Duration? = nil,
        onQueued: (@Sendable (Contention) -> Void)? = nil
    ) -> LockRequest {
        LockRequest(
            claim: claim,
            holder: holder(of: claim),
            ttl: ttl ?? longTTL,
            patience: patience,
            onQueued: onQueued
        )
    }

    /// Sends a request in a task of its own.
    func begin(
        _ claim: LockClaim,
        on client: Int = 0,
        patience: LockRequest.Patience = .unlimited,
        ttl: Duration? = nil,
        onQueued: (@Sendable (Contention) -> Void)? = nil,
        onEnd: @escaping @Sendable (Result<Acquisition, any Error>) -> Void = { _ in }
    ) -> Attempt {
        let request = request(claim, patience: patience, ttl: ttl, onQueued: onQueued)
        let attempt = Attempt(request, on: self.client(client), onEnd: onEnd)
        remember(attempt)
        return attempt
    }

    /// Takes what is free.
    @discardableResult
    func take(_ claim: LockClaim, on client: Int = 0, ttl: Duration? = nil) async throws -> Grant {
        try await granted(begin(claim, on: client, ttl: ttl), "a claim that nobody is in the way of is granted")
    }

    /// Asks without any patience.
    func attempt(_ claim: LockClaim, on client: Int = 0) async -> Result<Acquisition, any Error> {
        journal.step = "an attempt without patience is answered at once"
        return await begin(claim, on: client, patience: .none).end()
    }

    /// Asks without any patience for what must be had.
    @discardableResult
    func takeAtOnce(_ claim: LockClaim, on client: Int = 0, _ promise: String) async throws -> Grant {
        let result = await attempt(claim, on: client)
        guard let grant = result.grant else { throw journal.failure(promised: promise, seen: result.summary) }
        return grant
    }

    /// Asks for what is not free, and waits until the store has queued the request.
    func queue(
        _ claim: LockClaim,
        on client: Int = 0,
        patience: LockRequest.Patience = .unlimited,
        ttl: Duration? = nil,
        onEnd: @escaping @Sendable (Result<Acquisition, any Error>) -> Void = { _ in }
    ) async throws -> Attempt {
        let attempt = begin(claim, on: client, patience: patience, ttl: ttl, onEnd: onEnd)
        if capabilities.ordering == .fifo {
            try await eventually("a request that has to wait shows up among the waiters") {
                let status = try await self.client(client).status(of: claim.name)
                return attempt.result != nil || status.waiters.contains { $0.owner == claim.owner }
            }
        } else {
            try await observe()
        }
        try expectWaiting(attempt)
        return attempt
    }

    /// Waits for the grant of an attempt.
    func granted(_ attempt: Attempt, _ promise: String) async throws -> Grant {
        journal.step = promise
        let result = await attempt.end()
        guard let grant = result.grant else { throw journal.failure(promised: promise, seen: result.summary) }
        try expect(
            grant.claim == attempt.claim,
            "a grant says what was claimed",
            seen: "\(grant.claim) for \(attempt.claim)"
        )
        return grant
    }

    func release(_ claim: LockClaim, on client: Int = 0) async throws {
        journal.step = "a release is answered"
        let outcome = try await self.client(client).release(claim)
        try expect(outcome == .released, "a release of what is held or queued says so", seen: "\(outcome)")
    }

    /// Removes what an attempt may have left, as the core does.
    func withdraw(_ attempt: Attempt) async throws {
        journal.step = "a release is answered"
        _ = try await attempt.client.release(attempt.claim)
    }

    func status(_ client: Int = 0, of name: LockName? = nil) async throws -> LockStatus {
        journal.step = "the status of a name can be read"
        return try await self.client(client).status(of: name ?? self.name)
    }
}

extension Scene {
    func expectWaiting(
        _ attempts: Attempt...,
        promise: String = "a request that cannot be granted yet waits"
    ) throws {
        for attempt in attempts {
            if let result = attempt.result { throw journal.failure(promised: promise, seen: result.summary) }
        }
    }

    /// The name must be refused to everybody who asks at once.
    func expectRefused(_ claim: LockClaim, on client: Int = 0, _ promise: String) async throws {
        let result = await attempt(claim, on: client)
        try expect(result.contention != nil, promise, seen: result.summary)
    }

    /// Nobody may hold the name or wait for it.
    func expectIdle(_ promise: String, on client: Int = 0, of name: LockName? = nil) async throws {
        let status = try await status(client, of: name)
        try expect(
            status.isIdle,
            promise,
            seen: "\(status.holders.count) holders and \(status.waiters.count) waiters"
        )
    }

    func expectCancelled(_ attempt: Attempt) async throws {
        let promise = "a wait ends at once, with CancellationError, when its task is cancelled"
        journal.step = promise
        let result = await attempt.end()
        try expect(result.isCancellation, promise, seen: result.summary)
    }

    /// Exactly these claims are held, after a while and for a while.
    func expectHolders(_ claims: [LockClaim], _ promise: String) async throws {
        let wanted = Set(claims.map(\.owner))
        func owners() async throws -> Set<OwnerID?> {
            Set(try await client(0).status(of: name).holders.map(\.owner))
        }
        try await eventually(promise) { try await owners().count >= wanted.count }
        try await observe()
        let seen = try await owners()
        try expect(
            seen == wanted,
            promise,
            seen: "\(seen.count) holders, \(seen.subtracting(wanted).count) of them unexpected"
        )
    }
}
