import DistributedLocks
import Logging
import NIOCore
import NetworkSupport
import Synchronization

/// A client of a ZooKeeper ensemble: one session, and at most one connection at a time.
///
/// It connects when it is first needed, and from then on again and again until it is closed. It knows nothing of locks.
final class ZooKeeperClient: Sendable {
    /// Who is told, on the event loop and so in the order in which things happen. What is called must not block.
    struct Delegate: Sendable {
        /// There is a connection (again).
        var onAttached: @Sendable (SessionInfo) -> Void = { _ in }
        /// A session is over, and all its ephemeral nodes with it.
        var onExpired: @Sendable (Int64) -> Void = { _ in }
    }

    /// What comes of an attempt to connect.
    typealias Attempt = Latch<Result<Void, LockError>>

    private struct State {
        var view: SessionView
        /// Opened with the next connection, or when there is no hope of one.
        var attempt = Attempt()
        var lastError: LockError?
        var hasBeenAttached = false
        var isStarted = false
        var isClosed = false
        var outbox: [Exchange] = []
        var whenAttached: (@Sendable () -> Void)?
    }

    let configuration: ZooKeeperConfiguration
    let clock: LeaseClock
    let executor: EventLoopExecutor
    private let logger: Logger
    private let timers: Timers
    let loop: NIOLoopBoundBox<SessionLoop?>
    private let delegate: Delegate
    private let state: Mutex<State>
    private let hasClosed = Latch<Void>()

    /// Makes a client that is not connected.
    ///
    /// - Parameters:
    ///   - configuration: Where to connect to, and how.
    ///   - clock: What deadlines are measured on.
    ///   - random: What jitter, and the order of the servers, are drawn from.
    ///   - logger: Where to log.
    ///   - executor: Where the connection lives, and everything that is done for it.
    ///   - network: What opens connections.
    ///   - delegate: Who is told.
    init(
        configuration: ZooKeeperConfiguration,
        clock: LeaseClock,
        random: RandomSource,
        logger: Logger,
        executor: EventLoopExecutor,
        network: any Network,
        delegate: Delegate
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.executor = executor
        self.delegate = delegate
        timers = Timers(clock: clock, executor: executor)
        state = Mutex(State(view: SessionView(times: SessionTimes(timeout: configuration.sessionTimeout))))
        let machine = SessionMachine<SessionLoop.Request, Watch>(
            options: SessionOptions(configuration),
            random: random,
            now: clock.now
        )
        let loop = SessionLoop(
            machine: machine,
            addresses: random.shuffled(configuration.addresses),
            network: network,
            clock: clock,
            timers: timers,
            eventLoop: executor.eventLoop
        )
        self.loop = NIOLoopBoundBox.makeBoxSendingValue(loop, eventLoop: executor.eventLoop)
    }

    /// What is known of the session now.
    var view: SessionView { state.withLock { $0.view } }

    /// Whether there has ever been a connection.
    var hasBeenAttached: Bool { state.withLock { $0.hasBeenAttached } }

    /// Sends requests, one right after the other, as soon as there is a connection, and waits for all answers.
    ///
    /// - Parameters:
    ///   - requests: What to send, and who is told if the watch that it sets fires.
    ///   - deadline: When to give up.
    ///   - isAbsolute: Whether paths are taken as they are, and not as below the chroot.
    ///   - onSend: Called just before they leave, perhaps more than once.
    /// - Returns: What came of each. Failures of single requests are among the outcomes.
    /// - Throws: `LockError` if there is no connection until then, or there never has been one and it cannot be had;
    ///   ``RequestFailure/cancelled``.
    func send(
        _ requests: [(Operation, Watch?)],
        until deadline: LeaseClock.Instant,
        isAbsolute: Bool = false,
        onSend: () -> Void = {}
    ) async throws -> [Exchange.Outcome] {
        while true {
            try await attached(until: deadline)
            onSend()
            let exchange = Exchange(requests, isAbsolute: isAbsolute)
            let ticket = timers.schedule(at: deadline) { exchange.end(.overdue) }
            defer { timers.cancel(ticket) }
            post(exchange)
            let outcomes = await exchange.outcomes()
            let isUntouched = outcomes.allSatisfy { if case .failure(.notSent) = $0 { true } else { false } }
            guard isUntouched, clock.now < deadline else { return outcomes }
        }
    }

    /// Sends one request; see ``send(_:until:isAbsolute:onSend:)``.
    ///
    /// - Throws: Also the ``RequestFailure`` or ``ServerError`` of the request.
    func send(_ operation: Operation, watch: Watch? = nil, until deadline: LeaseClock.Instant) async throws -> Reply {
        guard let outcome = try await send([(operation, watch)], until: deadline).first else {
            throw RequestFailure.cancelled
        }
        return try outcome.get().result.get()
    }

    /// Nobody is interested any more in what a watch tells.
    func forget(_ watch: Watch, at path: String) {
        executor.eventLoop.execute { self.loop.value?.forget(watch, at: path) }
    }

    /// How many nodes are watched, as far as somebody is to be told.
    func watchCount() async throws -> Int {
        try await executor.eventLoop.submit { self.loop.value?.watchCount ?? 0 }.get()
    }

    /// Suspends until there is a connection.
    func attached(until deadline: LeaseClock.Instant) async throws {
        let (isAttached, attempt) = try state.withLock { state throws(LockError) in
            guard !state.isClosed else { throw .closed(store: configuration.label) }
            return (state.view.isAttached, state.attempt)
        }
        if isAttached { return }
        start()
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
        throw reason ?? .unreachable(store: configuration.label, reason: "no connection in time")
    }

    /// Ends the session, if it can be reached within two seconds, and with it everything that waits for an answer.
    func close() async {
        let (isStarted, isFirst) = state.withLock { state in
            defer { state.isClosed = true }
            return (state.isStarted, !state.isClosed)
        }
        if isFirst {
            guard isStarted else { return shut() }
            executor.eventLoop.execute { self.loop.value?.close() }
        }
        let waiter = hasClosed.enter()
        _ = await hasClosed.value(for: waiter)
    }

    /// Ends the session like ``close()``, for nobody to wait for.
    deinit {
        let (loop, timers) = (loop, timers)
        let isOpen = state.withLock { $0.isStarted && !$0.isClosed }
        executor.eventLoop.execute {
            let end = {
                loop.value = nil
                timers.close()
            }
            guard isOpen, let session = loop.value else { return end() }
            session.delegate = SessionLoop.Delegate(onClosed: end)
            session.close()
        }
    }
}

extension ZooKeeperClient {
    /// From now on, something is done whenever there is a connection (again), on the event loop. It must not block.
    func whenAttached(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenAttached = action }
    }

    private func start() {
        let isFirst = state.withLock { state in
            defer { state.isStarted = true }
            return !state.isStarted
        }
        guard isFirst else { return }
        executor.eventLoop.execute {
            self.loop.value?.delegate = self.makeDelegate()
            self.loop.value?.start()
        }
    }

    /// Everything that is posted within one turn of the event loop leaves in one write, in order.
    private func post(_ exchange: Exchange) {
        let isFirst = state.withLock { state in
            state.outbox.append(exchange)
            return state.outbox.count == 1
        }
        guard isFirst else { return }
        executor.eventLoop.execute {
            let exchanges = self.state.withLock { state in
                defer { state.outbox.removeAll(keepingCapacity: true) }
                return state.outbox
            }
            self.loop.value?.submit(exchanges)
        }
    }

    private func makeDelegate() -> SessionLoop.Delegate {
        SessionLoop.Delegate(
            onAttached: { [weak self] in self?.attached($0) },
            onDetached: { [weak self] in self?.detached($0) },
            onExpired: { [weak self] in self?.expired($0) },
            onFailure: { [weak self] in self?.failed($0, $1, everywhere: $2) },
            onProof: { [weak self] in self?.proved($0) },
            onClosed: { [weak self] in self?.shut() }
        )
    }

    private func attached(_ info: SessionInfo) {
        logger.debug(
            "Attached to a server",
            metadata: ["zookeeper.session": "\(info.id.hex)", "zookeeper.timeout": "\(info.timeout)"]
        )
        let (attempt, action) = state.withLock { state in
            state.view.id = info.id
            state.view.times = SessionTimes(timeout: info.timeout)
            state.view.isAttached = true
            state.lastError = nil
            state.hasBeenAttached = true
            return (state.attempt, state.whenAttached)
        }
        delegate.onAttached(info)
        action?()
        attempt.open(.success(()))
    }

    private func detached(_ reason: String) {
        logger.debug("The connection has ended", metadata: ["error": "\(reason)"])
        state.withLock { state in
            state.view.isAttached = false
            state.lastError = .unreachable(store: configuration.label, reason: reason)
            if state.attempt.current != nil { state.attempt = Attempt() }
        }
    }

    private func expired(_ id: Int64) {
        logger.info("The session has expired", metadata: ["zookeeper.session": "\(id.hex)"])
        state.withLock { state in
            state.view.id = nil
            state.view.deadline = nil
            state.view.lastConfirmed = nil
        }
        delegate.onExpired(id)
    }

    private func proved(_ proof: ProofSummary) {
        state.withLock { state in
            state.view.deadline = proof.deadline
            state.view.lastConfirmed = proof.lastConfirmed
        }
    }

    /// Tells those who wait for a connection that there will be none soon: if every server has failed and none has ever
    /// worked, or if one does not want us. One that has only gone away may be back at any moment.
    private func failed(_ failure: ConnectFailure, _ address: ZooKeeperAddress, everywhere: Bool) {
        logger.debug("Cannot connect", metadata: ["zookeeper.address": "\(address)", "error": "\(failure)"])
        let attempt = state.withLock { state -> (Attempt, LockError)? in
            let error: LockError
            var isHopeless = everywhere
            switch failure {
            case .denied(let reason): error = .denied(store: configuration.label, reason: "\(address): \(reason)")
            case .unreachable(let reason):
                error = .unreachable(store: configuration.label, reason: "\(address): \(reason)")
                isHopeless = everywhere && !state.hasBeenAttached
            }
            state.lastError = error
            guard isHopeless, state.attempt.current == nil else { return nil }
            defer { state.attempt = Attempt() }
            return (state.attempt, error)
        }
        if let (attempt, error) = attempt { attempt.open(.failure(error)) }
    }

    private func shut() {
        let (attempt, exchanges) = state.withLock { state in
            state.isClosed = true
            state.view.isAttached = false
            state.view.id = nil
            defer { state.outbox = [] }
            return (state.attempt, state.outbox)
        }
        for exchange in exchanges { exchange.end(.closed) }
        attempt.open(.failure(.closed(store: configuration.label)))
        timers.close()
        hasClosed.open(())
    }
}

extension Int64 {
    /// As ZooKeeper's own tools write session ids and transactions.
    var hex: String { "0x" + String(UInt64(bitPattern: self), radix: 16) }
}
