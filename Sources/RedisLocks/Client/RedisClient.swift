import DistributedLocks
import Logging
import NIOCore
import NIOPosix
import NetworkSupport
import Synchronization

/// Keeps one connection to a server, and sends what is asked for on it.
///
/// It connects when it is first needed, and from then on again and again until it is closed: with full jitter between the
/// attempts, to one address after the other, until one of them is a server that can be written to.
final class RedisClient: Sendable {
    /// What the owner of a client is told, on the event loop and so in the order in which things happen.
    struct Delegate: Sendable {
        /// A message has arrived.
        var onPush: @Sendable ([RESPValue]) -> Void = { _ in }
        /// There is a connection (again). What is known of the other side may be out of date.
        var onConnect: @Sendable (RedisConnection, ServerProfile) -> Void = { _, _ in }
    }

    /// A reply, and what is to be known of its request.
    struct Reply: Sendable {
        let value: RESPValue
        /// Just before it was sent.
        let sent: LeaseClock.Instant
    }

    /// What comes of an attempt to connect.
    typealias Attempt = Latch<Result<RedisConnection, LockError>>

    private struct State {
        var connection: RedisConnection?
        /// Opened with the next connection, or when there is no hope of one.
        var attempt = Attempt()
        var lastError: LockError?
        var hasBeenConnected = false
        var isClosed = false
        var task: Task<Void, Never>?
    }

    let configuration: RedisConfiguration
    let clock: LeaseClock
    private let handshake: Handshake
    private let delegate: Delegate
    private let connector: Connector
    private let executor: EventLoopExecutor
    private let random: RandomSource
    private let logger: Logger
    private let timers: Timers
    private let nextID = Atomic<UInt64>(1)
    private let state = Mutex(State())

    /// Makes a client that is not connected.
    ///
    /// - Parameters:
    ///   - configuration: Where to connect to, and how.
    ///   - channel: The channel to listen to, if any.
    ///   - clock: What deadlines are measured on.
    ///   - random: What jitter is drawn from.
    ///   - logger: Where to log.
    ///   - executor: Where the connection lives, and everything that is done for it.
    ///   - delegate: Who is told.
    /// - Throws: `LockError.invalid`.
    init(
        configuration: RedisConfiguration,
        channel: String?,
        clock: LeaseClock,
        random: RandomSource,
        logger: Logger,
        executor: EventLoopExecutor,
        delegate: Delegate
    ) throws(LockError) {
        self.configuration = configuration
        self.clock = clock
        self.random = random
        self.logger = logger
        self.delegate = delegate
        handshake = Handshake(configuration: configuration, channel: channel)
        self.executor = executor
        timers = Timers(clock: clock, executor: executor)
        connector = try Connector(
            configuration: configuration,
            eventLoop: executor.eventLoop,
            clock: clock,
            timers: timers
        )
    }

    /// Sends commands, without anything in between, and waits for the reply to the last.
    ///
    /// - Parameters:
    ///   - deadline: When to give up.
    ///   - isRepeatable: Whether to send it again on the next connection if this one ends before the reply: for requests
    ///     that change nothing.
    ///   - inspect: See ``Exchange``.
    ///   - make: Makes the commands for a connection; it is called again if the first one turns out to be closed.
    /// - Returns: The reply, which may be an error.
    /// - Throws: ``RequestFailure``, or `LockError` if there is no connection.
    func send(
        until deadline: LeaseClock.Instant,
        isRepeatable: Bool = false,
        inspect: Exchange.Inspection? = nil,
        _ make: (RedisConnection) -> [RedisCommand]
    ) async throws -> Reply {
        while true {
            let connection = try await connection(until: deadline)
            let commands = make(connection)
            let sent = clock.now
            let exchange = Exchange(commands, deadline: deadline, sent: sent, inspect: inspect)
            connection.send(exchange)
            do {
                return Reply(value: try await exchange.reply(), sent: sent)
            } catch {
                guard error.wasNotCarriedOut || (isRepeatable && error.wasCutOff), clock.now < deadline else {
                    throw error
                }
                retire(connection)
            }
        }
    }

    /// The connection, as soon as there is one.
    ///
    /// - Throws: `LockError` if there is none until `deadline`, or there has never been one and it cannot be had;
    ///   ``RequestFailure/cancelled``.
    func connection(until deadline: LeaseClock.Instant) async throws -> RedisConnection {
        let (connection, attempt) = try state.withLock { state throws(LockError) in
            guard !state.isClosed else { throw .closed(store: configuration.label) }
            if state.connection == nil, state.task == nil {
                state.task = Task.detached(executorPreference: executor) { [weak self] in await self?.keepConnected() }
            }
            return (state.connection, state.attempt)
        }
        if let connection { return connection }
        return try await wait(for: attempt, until: deadline)
    }

    /// The connection, if there is one at this moment.
    var current: RedisConnection? { state.withLock { $0.connection } }

    /// Whether there has ever been a connection.
    var hasBeenConnected: Bool { state.withLock { $0.hasBeenConnected } }

    /// The server behind a connection cannot be used (any more): go on to the next.
    func abandon(_ connection: RedisConnection?) {
        guard let connection else { return }
        retire(connection)
        connection.close()
    }

    /// Ends the connection, and everything that waits for a reply.
    func close() {
        let last = state.withLock { state in
            defer {
                state.isClosed = true
                state.connection = nil
                state.task = nil
            }
            return state
        }
        last.attempt.open(.failure(.closed(store: configuration.label)))
        last.task?.cancel()
        last.connection?.close()
        timers.close()
    }

    private func wait(for attempt: Attempt, until deadline: LeaseClock.Instant) async throws -> RedisConnection {
        let waiter = attempt.enter()
        let ticket = timers.schedule(at: deadline) { attempt.giveUp(waiter) }
        defer { timers.cancel(ticket) }
        let result = await withTaskCancellationHandler {
            await attempt.value(for: waiter)
        } onCancel: {
            attempt.giveUp(waiter)
        }
        if Task.isCancelled { throw RequestFailure.cancelled }
        if let result { return try result.get() }
        let reason = state.withLock { $0.lastError }
        throw reason ?? .unreachable(store: configuration.label, reason: "no connection in time\(hint)")
    }

    /// Servers without TLS wait for the rest of what they take for a command.
    private var hint: String { configuration.tls == nil ? "" : "; does it speak TLS on that port?" }

    /// Nothing is sent on `connection` any more.
    private func retire(_ connection: RedisConnection) {
        state.withLock { state in
            guard state.connection === connection else { return }
            state.connection = nil
            state.attempt = Attempt()
        }
    }
}

extension RedisClient {
    /// Connects, waits for the end of the connection, and connects again, until the client is closed.
    private func keepConnected() async {
        var backoff = Backoff(random: random)
        var index = 0
        var failures = 0
        while !Task.isCancelled {
            let address = configuration.addresses[index % configuration.addresses.count]
            do {
                let reason = try await serve(address)
                logger.debug(
                    "The connection has ended",
                    metadata: ["redis.address": "\(address)", "error": "\(reason)"]
                )
                failures = 0
                backoff.reset()
            } catch {
                failures += 1
                failed(error, everywhere: failures >= configuration.addresses.count)
                logger.debug("Cannot connect", metadata: ["redis.address": "\(address)", "error": "\(error)"])
            }
            index += 1
            if failures > 0, failures % configuration.addresses.count != 0 { continue }
            try? await clock.sleep(for: backoff.next())
        }
    }

    /// Connects to one address, and returns once that connection has ended: why.
    private func serve(_ address: RedisAddress) async throws(LockError) -> String {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        let end = Latch<String>()
        let delegate = RedisChannelHandler.Delegate(
            onPush: delegate.onPush,
            onEnd: { end.open($0) }
        )
        let connection = try await connector.connect(to: address, id: id, delegate: delegate)
        let profile: ServerProfile
        do throws(LockError) {
            profile = try await greet(connection)
        } catch {
            connection.close()
            throw error
        }
        adopt(connection, profile)
        let waiter = end.enter()
        let reason = await withTaskCancellationHandler {
            await end.value(for: waiter) ?? "closed"
        } onCancel: {
            connection.close()
        }
        retire(connection)
        connection.ended()
        return reason
    }

    /// Sends the first commands, all at once.
    private func greet(_ connection: RedisConnection) async throws(LockError) -> ServerProfile {
        let now = clock.now
        let deadline = now.advanced(by: configuration.attemptTimeout)
        let exchanges = handshake.steps.map { Exchange([handshake.command($0)], deadline: deadline, sent: now) }
        for exchange in exchanges { connection.send(exchange) }
        var replies: [RESPValue] = []
        for exchange in exchanges {
            do {
                replies.append(try await exchange.reply())
                // Whoever is refused learns nothing from what comes after that, perhaps not even an answer.
                if case .error = replies[0] { break }
            } catch {
                throw Self.explain(error, hasSpoken: !replies.isEmpty).lockError(store: configuration.label)
            }
        }
        return try handshake.evaluate(replies)
    }

    /// A server that ends a connection before it has said a word has its reasons, which can only be guessed.
    private static func explain(_ failure: RequestFailure, hasSpoken: Bool) -> RequestFailure {
        guard case .unanswered(let reason) = failure, !hasSpoken, reason.contains("closed the connection") else {
            return failure
        }
        let guess = "it may have no room for another client (max number of clients), or want TLS"
        return .unanswered("\(reason), before it had said a word: \(guess)")
    }

    private func adopt(_ connection: RedisConnection, _ profile: ServerProfile) {
        let attempt = state.withLock { state -> Attempt? in
            guard !state.isClosed else { return nil }
            state.connection = connection
            state.lastError = nil
            state.hasBeenConnected = true
            return state.attempt
        }
        guard let attempt else { return connection.close() }
        delegate.onConnect(connection, profile)
        attempt.open(.success(connection))
    }

    /// Tells those who wait for a connection that there will be none soon: if every address has failed and none has ever
    /// worked, or if the server does not want us. A server that has only gone away may be back at any moment.
    private func failed(_ error: LockError, everywhere: Bool) {
        let attempt = state.withLock { state -> Attempt? in
            state.lastError = error
            var isHopeless = everywhere
            if case .unreachable = error { isHopeless = everywhere && !state.hasBeenConnected }
            guard isHopeless, !state.isClosed else { return nil }
            defer { state.attempt = Attempt() }
            return state.attempt
        }
        attempt?.open(.failure(error))
    }
}
