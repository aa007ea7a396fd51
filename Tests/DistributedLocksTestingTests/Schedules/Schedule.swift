import DistributedLocks
import DistributedLocksTesting
import Logging

/// A random schedule: services that acquire, release, lose their lines and crash, on one memory store under a manual clock.
///
/// The seed decides what happens, and how long things wait for each other; the order in which tasks run does not follow it
/// exactly, so what is checked holds for every order.
final class Schedule {
    static let ttl = Duration.seconds(10)

    let seed: UInt64
    let clock = ManualClock()
    let book: ArrivalBook
    let names: [LockName]
    var participants: [Participant] = []
    var crashed: [Participant] = []
    var trials: [Trial] = []
    var releases: [Chore] = []
    var history: [Step] = []
    private var generator: SeededGenerator
    private let expires: Bool
    private let isFaulty: Bool

    init(seed: UInt64) throws {
        self.seed = seed
        generator = SeededGenerator(seed: seed)
        expires = seed % 2 == 0
        isFaulty = seed % 3 == 0
        names = try ["a", "b"].map { try LockName($0) }
        let lifetime: StoreCapabilities.Lifetime = expires ? .expiring(.seconds(1)...(.seconds(60))) : .process
        book = ArrivalBook(MemoryStore(clock: clock.leaseClock, lifetime: lifetime))
        participants = [makeParticipant(), makeParticipant()]
    }

    func run() async throws {
        for _ in 0..<Int.random(in: 20...40, using: &generator) {
            let step = Step.random(from: &generator, expires: expires)
            history.append(step)
            try await take(step)
            for _ in 0..<Int.random(in: 0..<4, using: &generator) { await Task.yield() }
            try await checkInvariants()
        }
        try await finish()
    }

    private func makeParticipant() -> Participant {
        let line = FaultyStore(book)
        if isFaulty {
            var rates = FaultRates()
            rates.lostRequests = 60
            rates.lostReplies = 60
            rates.delayedRequests = 60
            rates.delayedReplies = 60
            rates.longestDelay = .seconds(4)
            line.injectAtRandom(rates, seed: generator.next())
        }
        var configuration = LockConfiguration()
        configuration.ttl = Self.ttl
        configuration.logger = Logger(label: "schedule") { _ in SwiftLogNoOpLogHandler() }
        configuration.random = RandomSource(SeededGenerator(seed: generator.next()))
        return Participant(line: line, service: LockService(line, configuration: configuration))
    }

    private func take(_ step: Step) async throws {
        switch step {
        case .acquire(let service, let name, let mode, let timeout):
            trials.append(Trial(try lock(participants[service].service, names[name].text, mode), timeout: timeout))
        case .cancel(let number):
            choose(trials.filter { !$0.hasEnded }, number)?.cancel()
        case .release(let number):
            if let lease = choose(trials.compactMap(\.liveLease), number) { release(lease) }
        case .forceRelease(let name):
            _ = try await book.forceRelease(names[name], from: .any)
        case .lose(let number):
            if let lease = choose(trials.compactMap(\.liveLease), number) { try await lose(lease) }
        case .advance(let duration):
            clock.jump(by: duration)
        case .crash(let number):
            participants[number].line.cutOff()
            crashed.append(participants[number])
            participants[number] = makeParticipant()
        case .cutLine(let number): participants[number].line.cutOff()
        case .mendLine(let number): participants[number].line.reconnect()
        case .pause(let count):
            for _ in 0..<count { await Task.yield() }
        }
    }

    private func lock(_ service: LockService, _ name: String, _ mode: LockMode) throws -> DistributedLock {
        switch mode {
        case .exclusive: try service.lock(name)
        case .shared: try service.readWriteLock(name).read
        case .permit(let limit): try service.semaphore(name, permits: limit).permit
        }
    }

    private func choose<Element>(_ elements: [Element], _ number: Int) -> Element? {
        elements.isEmpty ? nil : elements[number % elements.count]
    }

    func release(_ lease: Lease) {
        releases.append(Chore { await lease.release() })
    }

    private func lose(_ lease: Lease) async throws {
        guard let claim = await book.claim(of: lease.name, token: lease.fencingToken) else { return }
        _ = try await book.release(claim)
        for participant in participants + crashed { try? participant.line.raiseLoss(.removed, of: claim) }
    }
}
