import DistributedLocks
import NIOCore
import NetworkSupport

/// Does what a ``SessionMachine`` wants: the one place where the machine meets sockets and timers. Lives on one event loop.
final class SessionLoop {
    /// One request of an ``Exchange``.
    struct Request: Sendable {
        let exchange: Exchange
        let index: Int
    }

    /// Who is told, on the event loop and in the order in which things happen.
    struct Delegate {
        /// There is a connection (again).
        var onAttached: (SessionInfo) -> Void = { _ in }
        /// There is no connection any more; why.
        var onDetached: (String) -> Void = { _ in }
        /// A session is over.
        var onExpired: (Int64) -> Void = { _ in }
        /// An attempt has failed: at which server, and whether all have failed in turn.
        var onFailure: (ConnectFailure, ZooKeeperAddress, Bool) -> Void = { _, _, _ in }
        /// Until when the session certainly lives is another time now, or when that was shown last.
        var onProof: (ProofSummary) -> Void = { _ in }
        /// Nothing happens any more.
        var onClosed: () -> Void = {}
    }

    private(set) var machine: SessionMachine<Request, Watch>
    private var wire: (number: Int, wire: any Wire)?
    private let addresses: [ZooKeeperAddress]
    private let network: any Network
    private let clock: LeaseClock
    private let timers: Timers
    private let eventLoop: any EventLoop
    private var wake: (at: LeaseClock.Instant, ticket: Timers.Ticket)?
    private var lastProof = ProofSummary(nil)
    /// Who is told; to be set before anything else is done.
    var delegate = Delegate()

    /// Makes a loop that does nothing yet.
    ///
    /// - Parameters:
    ///   - machine: What decides.
    ///   - addresses: The servers, in the order in which they are tried.
    ///   - network: What opens connections.
    ///   - clock: What deadlines are measured on.
    ///   - timers: Which call what they are given, on the event loop or elsewhere.
    ///   - eventLoop: Where everything happens.
    init(
        machine: SessionMachine<Request, Watch>,
        addresses: [ZooKeeperAddress],
        network: any Network,
        clock: LeaseClock,
        timers: Timers,
        eventLoop: any EventLoop
    ) {
        self.machine = machine
        self.addresses = addresses
        self.network = network
        self.clock = clock
        self.timers = timers
        self.eventLoop = eventLoop
    }

    func start() {
        perform(machine.start(at: clock.now))
    }

    /// Sends everything in one write.
    func submit(_ exchanges: [Exchange]) {
        var requests: [SessionMachine<Request, Watch>.Submission] = []
        requests.reserveCapacity(exchanges.count * 2)
        for exchange in exchanges {
            for (index, (operation, watch)) in exchange.requests.enumerated() {
                let request = Request(exchange: exchange, index: index)
                requests.append(
                    .init(operation: operation, watcher: watch, request: request, isAbsolute: exchange.isAbsolute)
                )
            }
        }
        perform(machine.submit(requests, at: clock.now))
    }

    func forget(_ watch: Watch, at path: String) {
        machine.forget(watch, at: path)
    }

    /// How many nodes are watched.
    var watchCount: Int { machine.watches.count }

    func close() {
        perform(machine.close(at: clock.now))
    }

    private func perform(_ effects: [SessionEffect<Request, Watch>]) {
        // Whoever gets an answer may look at once at what it proves; but a new session is proved after it is known.
        if case .answered? = effects.first { tellProof() }
        for effect in effects { perform(effect) }
        tellProof()
        reschedule()
    }

    private func tellProof() {
        let proof = ProofSummary(machine.proof)
        guard proof != lastProof else { return }
        lastProof = proof
        delegate.onProof(proof)
    }

    private func perform(_ effect: SessionEffect<Request, Watch>) {
        switch effect {
        case .connect(let server, let number): connect(to: server, number)
        case .write(let bytes): wire?.wire.write(bytes)
        case .disconnect(let number): disconnect(number)
        case .answered(let request, let answer):
            if !request.exchange.finish(request.index, .success(answer)) { forgetWatch(of: request) }
        case .failed(let request, let failure): request.exchange.finish(request.index, .failure(failure))
        case .notify(let watch, let event): watch.notify(event)
        case .attached(let info): delegate.onAttached(info)
        case .detached(let reason): delegate.onDetached(reason)
        case .expired(let id): delegate.onExpired(id)
        case .attemptFailed(let failure, let everywhere):
            let last = (machine.server + addresses.count - 1) % addresses.count
            delegate.onFailure(failure, addresses[last], everywhere)
        case .closed:
            wake.take().map { timers.cancel($0.ticket) }
            delegate.onClosed()
        }
    }

    /// Whoever has set a watch does not wait any more.
    private func forgetWatch(of request: Request) {
        let (operation, watch) = request.exchange.requests[request.index]
        if let watch, let path = operation.watchedPath { machine.forget(watch, at: path) }
    }

    private func connect(to server: Int, _ number: Int) {
        let handler = ZooKeeperChannelHandler.Delegate(
            onFrame: { [weak self] frame in self?.received(frame, number) },
            onNonsense: { [weak self] error in self?.nonsense(error, number) },
            onEnd: { [weak self] reason in self?.ended(number, reason) }
        )
        let connection = network.connect(to: addresses[server], delegate: handler)
        connection.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let wire): self.opened(number, wire)
            case .failure(let error): self.ended(number, Connector.words.describe(error))
            }
        }
    }

    private func opened(_ number: Int, _ wire: any Wire) {
        guard number == machine.connection else { return wire.close() }
        self.wire = (number, wire)
        perform(machine.opened(number, at: clock.now))
    }

    private func disconnect(_ number: Int) {
        guard let wire, wire.number == number else { return }
        self.wire = nil
        wire.wire.close()
    }

    private func received(_ frame: ByteBuffer, _ number: Int) {
        perform(machine.received(frame, on: number, at: clock.now))
    }

    private func nonsense(_ error: JuteError, _ number: Int) {
        perform(machine.protocolError("\(error)", on: number, at: clock.now))
    }

    private func ended(_ number: Int, _ reason: String) {
        if wire?.number == number { wire = nil }
        perform(machine.ended(number, reason, at: clock.now))
    }

    /// Keeps a timer that fires when the machine wants it, or earlier: with every request it wants it a little later.
    private func reschedule() {
        guard let wanted = machine.nextWake else { return }
        if let wake, wake.at <= wanted { return }
        if let wake { timers.cancel(wake.ticket) }
        let me = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        let ticket = timers.schedule(at: wanted) { eventLoop.execute { me.value.woken() } }
        wake = (wanted, ticket)
    }

    private func woken() {
        wake = nil
        let now = clock.now
        // It may have been put off since the timer was set.
        if let wanted = machine.nextWake, wanted <= now { return perform(machine.clockReached(now)) }
        reschedule()
    }
}
