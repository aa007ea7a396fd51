import DistributedLocks
import NIOCore

/// The scripts as functions: what goes in, and what comes out, typed.
struct ScriptCalls: Sendable {
    let client: RedisClient
    /// The clock of deadlines.
    var clock: LeaseClock { client.clock }

    private static let maximumKeys = 100
    private static let longestRefusal = Duration.seconds(60)
    /// Ten years: what is much longer is no expiry that a server takes.
    private static let longestKeeping = Duration.seconds(315_360_000)

    /// Takes or queues for a lock.
    ///
    /// - Parameters:
    ///   - keys: The keys of the lock.
    ///   - place: Who asks, and for how long.
    ///   - wait: Whether to join the queue.
    ///   - deadline: When to give up; the request timeout from now if `nil`.
    ///   - onSend: Told of the connection on which it is sent.
    ///   - inspect: Sees the answer before any message that came after it.
    /// - Returns: The answer, and when the request was sent.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func acquire(
        _ keys: LockKeys,
        _ place: WaitLine.Place,
        wait: Bool,
        deadline: LeaseClock.Instant? = nil,
        onSend: (UInt64) -> Void = { _ in },
        inspect: (@Sendable (AcquireAnswer, LeaseClock.Instant) -> Void)? = nil
    ) async throws -> (AcquireAnswer, LeaseClock.Instant) {
        var inspection: Exchange.Inspection?
        if let inspect {
            inspection = { value, sent in if let answer = AcquireAnswer(value) { inspect(answer, sent) } }
        }
        let reply = try await run(.acquire, keys: 4, until: deadline, inspect: inspection) { connection, command in
            onSend(connection.id)
            command.append(keys)
            command.append(place.value)
            command.append(place.ttl.milliseconds)
            command.append(wait ? "1" : "0")
            command.append(place.asked)
        }
        guard let answer = AcquireAnswer(reply.value) else { throw nonsense(from: .acquire) }
        return (answer, reply.sent)
    }

    /// Gives a claim back, or withdraws it.
    ///
    /// - Parameters:
    ///   - owner: Whose it is.
    ///   - keys: The keys of the lock.
    ///   - deadline: When to give up; the request timeout from now if `nil`.
    ///   - refusal: For how long a request of this owner that comes late has to be refused, by the connection on which this
    ///     one is sent; zero if none can come.
    ///   - kept: For how long a claim that is held stays locked, by the server's own doing; `nil` to be free at once.
    /// - Returns: What was found.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func release(
        _ owner: OwnerID,
        _ keys: LockKeys,
        deadline: LeaseClock.Instant? = nil,
        refusal: (UInt64) -> Duration = { _ in .zero },
        keptFor kept: Duration? = nil
    ) async throws -> ReleaseAnswer {
        let reply = try await run(.release, keys: 4, until: deadline) { connection, command in
            command.append(keys)
            command.append(owner.description)
            command.append(min(refusal(connection.id), Self.longestRefusal).milliseconds)
            if let kept { command.append(min(kept, Self.longestKeeping).milliseconds) }
        }
        guard let answer = ReleaseAnswer(reply.value) else { throw nonsense(from: .release) }
        return answer
    }

    /// Gives a claim back that nobody asks about, for as long as it can matter.
    func forget(_ claim: LockClaim, _ keys: LockKeys, ttl: Duration) async {
        let end = clock.now.advanced(by: ttl)
        while clock.now < end {
            do {
                _ = try await release(claim.owner, keys, refusal: { _ in ttl * 2 })
                return
            } catch LockError.closed {
                return
            } catch {}
            guard (try? await clock.sleep(for: .milliseconds(500))) != nil else { return }
        }
    }

    /// Confirms waiters.
    ///
    /// - Parameters:
    ///   - keys: The keys of the lock.
    ///   - owners: Who waits.
    ///   - watching: Whether the server is to tell of the next change of the lock.
    /// - Returns: The answer, and when the request was sent.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func beat(
        _ keys: LockKeys,
        _ owners: [OwnerID],
        watching: Bool
    ) async throws -> (BeatAnswer, LeaseClock.Instant) {
        let reply = try await run(.beat, keys: 4, watching: watching) { _, command in
            command.append(keys)
            for owner in owners { command.append(owner.description) }
        }
        guard let answer = BeatAnswer(reply.value), answer.places.count == owners.count else {
            throw nonsense(from: .beat)
        }
        return (answer, reply.sent)
    }

    /// Extends leases.
    ///
    /// - Parameters:
    ///   - leases: Which, and for how long.
    ///   - watching: Whether the server is to tell of the next change of the locks.
    ///   - onSend: Told of the connection on which it is sent.
    /// - Returns: For each lease whether it is still held, and when the request was sent.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func renew(
        _ leases: [(owner: OwnerID, keys: LockKeys, ttl: Duration)],
        watching: Bool,
        onSend: (UInt64) -> Void = { _ in }
    ) async throws -> ([Bool], LeaseClock.Instant) {
        let reply = try await run(.renew, keys: 2 * leases.count, watching: watching) { connection, command in
            onSend(connection.id)
            for lease in leases {
                command.append(lease.keys.lock)
                command.append(lease.keys.companion(.fence))
            }
            for lease in leases {
                command.append(lease.owner.description)
                command.append(lease.ttl.milliseconds)
            }
        }
        guard let answers = reply.value.elements, answers.count == leases.count else { throw nonsense(from: .renew) }
        return (answers.map { $0.number == 1 }, reply.sent)
    }

    /// Waits until replicas have confirmed what was written on a connection.
    ///
    /// - Parameters:
    ///   - replicas: How many.
    ///   - timeout: How long, at the most.
    ///   - connection: The one that has written.
    /// - Returns: How many have confirmed.
    /// - Throws: Also if the connection is another one by now: what it would say is not about our writes.
    func wait(for replicas: Int, timeout: Duration, on connection: UInt64?) async throws -> Int {
        var isSame = true
        let deadline = standardDeadline.advanced(by: timeout)
        let reply = try await client.send(until: deadline) { current in
            isSame = current.id == connection
            return [RedisCommand("WAIT", .integer(Int64(replicas)), .integer(max(1, timeout.milliseconds)))]
        }
        guard isSame else { throw RequestFailure.unanswered("the connection ended before replicas could confirm") }
        if case .error(let error) = reply.value { throw error }
        guard let count = reply.value.number else { throw nonsense(from: nil) }
        return Int(count)
    }

    /// Who holds a lock and who waits for it.
    ///
    /// - Parameters:
    ///   - keys: The keys of the lock.
    ///   - places: Which part of the queue to tell of.
    /// - Returns: What the server knows.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func status(_ keys: LockKeys, places: Range<Int>) async throws -> StatusAnswer {
        let reply = try await run(.status, keys: 4, isRepeatable: true) { _, command in
            command.append(keys)
            command.append(Int64(places.lowerBound))
            command.append(Int64(places.upperBound - 1))
        }
        guard let answer = StatusAnswer(reply.value) else { throw nonsense(from: .status) }
        return answer
    }

    /// Takes a lock away from its holder, if that is the one that is meant.
    ///
    /// - Returns: What became of it.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func force(_ keys: LockKeys, from condition: HolderCondition) async throws -> ForceAnswer {
        let reply = try await run(.force, keys: 4) { _, command in
            command.append(keys)
            switch condition {
            case .any: command.append("any")
            case .owner(let owner):
                command.append("owner")
                command.append(owner.description)
            case .token(let token):
                command.append("token")
                command.append(String(token.rawValue))
            }
        }
        guard let answer = ForceAnswer(reply.value) else { throw nonsense(from: .force) }
        return answer
    }

    /// The values of locks; the server tells of their next changes.
    ///
    /// - Returns: For each lock its value; `nil` if it is free or not a string.
    func watch(_ keys: [LockKeys]) async throws -> [String?] {
        let reply = try await client.send(until: standardDeadline, isRepeatable: true) { _ in
            var command = RedisCommand("MGET", capacity: 64 * keys.count)
            for key in keys { command.append(key.lock) }
            return [RedisCommand("CLIENT", "CACHING", "YES"), command]
        }
        if case .error(let error) = reply.value { throw error }
        guard let values = reply.value.elements, values.count == keys.count else { throw nonsense(from: nil) }
        return values.map(\.text)
    }

    /// A part of the key space.
    ///
    /// - Parameters:
    ///   - cursor: Where to go on; `0` to begin.
    ///   - prefix: What the keys contain.
    /// - Returns: Where to go on, `0` at the end, and keys, some perhaps more than once.
    /// - Throws: ``RequestFailure``, ``RESPError``, `LockError`.
    func scan(from cursor: String, prefix: String) async throws -> (next: String, keys: [KeyBytes]) {
        let reply = try await client.send(until: standardDeadline, isRepeatable: true) { _ in
            var command = RedisCommand("SCAN", .text(cursor), "COUNT", 1_000)
            if !prefix.isEmpty {
                command.append("MATCH")
                command.append("*" + Self.literally(prefix) + "*")
            }
            return [command]
        }
        if case .error(let error) = reply.value { throw error }
        guard let fields = reply.value.elements, fields.count == 2, let next = fields[0].text,
            let keys = fields[1].elements
        else { throw nonsense(from: nil) }
        return (next, keys.compactMap(KeyBytes.init))
    }

    /// A pattern that matches `text` and nothing else.
    private static func literally(_ text: String) -> String {
        var pattern = ""
        for character in text.unicodeScalars {
            if "*?[]\\^-".unicodeScalars.contains(character) { pattern.append("\\") }
            pattern.unicodeScalars.append(character)
        }
        return pattern
    }

    /// The request timeout from now.
    var standardDeadline: LeaseClock.Instant { clock.now.advanced(by: client.configuration.requestTimeout) }

    /// Runs a script, by its SHA-1 if the server knows it. A server that has become a replica is left.
    private func run(
        _ script: Script,
        keys: Int,
        until deadline: LeaseClock.Instant? = nil,
        watching: Bool = false,
        isRepeatable: Bool = false,
        inspect: Exchange.Inspection? = nil,
        _ addParameters: (RedisConnection, inout RedisCommand) -> Void
    ) async throws -> RedisClient.Reply {
        let deadline = deadline ?? standardDeadline
        var isKnown = true
        while true {
            var last: RedisConnection?
            let reply = try await client.send(until: deadline, isRepeatable: isRepeatable, inspect: inspect) {
                connection in
                last = connection
                var command = script.command(keys: keys, isKnown: isKnown)
                addParameters(connection, &command)
                return watching ? [RedisCommand("CLIENT", "CACHING", "YES"), command] : [command]
            }
            guard case .error(let text) = reply.value else { return reply }
            let error = text.insideScript
            // Another address, or the same name a moment later, may lead to the server that can be written to.
            if error.isReadOnly { client.abandon(last) }
            guard error.code == "NOSCRIPT", isKnown else { throw error }
            isKnown = false
        }
    }

    private func nonsense(from script: Script?) -> LockError {
        let request = script?.name ?? "a request"
        let reason = "the answer to \(request) makes no sense; is something between us and the server?"
        return .storeFailed(store: client.configuration.label, reason: reason)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
