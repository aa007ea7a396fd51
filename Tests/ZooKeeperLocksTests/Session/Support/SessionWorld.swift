import DistributedLocks
import DistributedLocksTesting

@testable import ZooKeeperLocks

/// A client, the follower that it is connected to, and the leader, with links between them that keep the order of what is sent,
/// and nothing else. In microseconds; the timeout is a second, and two ticks.
///
/// The leader asks the follower every half tick, a bit late at times. The follower then tells which sessions it has heard of since
/// it was asked before. The leader ends a session that it has not been told of for the timeout, and turns down the transactions of
/// one that has ended.
struct SessionWorld {
    /// How badly the links behave.
    struct Weather {
        /// How long a message takes from the client to the follower and back, at the most, but for stalls.
        var delay = 5_000
        /// How long a link can stand still: between client and follower, to the leader, from the leader.
        var clientStall = 0
        var leaderwardStall = 0
        var followerwardStall = 0
    }

    static let timeout = 1_000_000
    private static let halfTick = timeout / 4

    private enum Link: Int, CaseIterable { case toFollower, toClient, toLeader, fromLeader }

    private enum Message {
        /// A ping, or a transaction, by its number.
        case request(Int)
        case question
        case news
        case wake
        case leaderWake
    }

    private struct Event {
        let time: Int
        let order: Int
        let link: Link?
        let message: Message
    }

    private struct Sent {
        let time: Int
        let isTransaction: Bool
    }

    private let weather: Weather
    private var random: SeededGenerator
    private var events: [Event] = []
    private var order = 0
    private var free = [Int](repeating: 0, count: Link.allCases.count)
    private var hasNews = false
    private var requests: [Sent] = []
    private var lastSent = 0
    private var now = 0
    /// When the leader loses the follower for good.
    private let cut: Int
    /// When the session ends, as far as the leader knows now.
    private(set) var end: Int
    private var isOver = false
    /// What the client has seen.
    private(set) var rules: ProofRules
    private(set) var proof: SessionProof

    init(seed: UInt64, _ weather: Weather) {
        random = SeededGenerator(seed: seed)
        self.weather = weather
        let answered = Int.random(in: 1...200_000, using: &random)
        let extended = Int.random(in: 0...answered, using: &random)
        end = extended + Self.timeout
        cut = Int.random(in: 0...6_000_000, using: &random)
        rules = ProofRules(timeout: Self.timeout, handshake: .init(sent: 0, arrived: answered))
        proof = SessionProof(
            timeout: .microseconds(Self.timeout),
            handshakeSent: .at(0),
            answered: .init(offset: .microseconds(answered))
        )
        (now, lastSent) = (answered, answered)
        enqueue(answered, .wake)
        enqueue(Int.random(in: 0...Self.halfTick, using: &random), .leaderWake)
    }

    /// Goes on until the session has ended.
    mutating func run() {
        while !isOver, let event = events.popLast() {
            now = max(now, event.time)
            if now >= end { isOver = true } else { handle(event) }
        }
    }

    private mutating func handle(_ event: Event) {
        switch (event.link, event.message) {
        case (_, .wake): act()
        case (_, .leaderWake):
            // As late as a twelfth of the timeout.
            send(.question, .fromLeader)
            let late = Int.random(in: 0...9, using: &random) == 0 ? Int.random(in: 0...80_000, using: &random) : 0
            enqueue(now + Self.halfTick + late, .leaderWake)
        case (.toFollower, .request(let number)):
            hasNews = true
            send(event.message, requests[number].isTransaction ? .toLeader : .toClient)
        case (.toLeader, .request): send(event.message, .fromLeader)
        case (.fromLeader, .request): send(event.message, .toClient)
        case (.toClient, .request(let number)): answered(requests[number])
        case (_, .question):
            if hasNews { send(.news, .toLeader) }
            hasNews = false
        case (_, .news): end = max(end, now + Self.timeout)
        default: break
        }
    }

    /// The client pings when it has sent nothing for a tenth of the timeout, and sends transactions as it likes.
    private mutating func act() {
        let isTransaction = Int.random(in: 0...5, using: &random) == 0
        if isTransaction || now - lastSent >= Self.timeout / 10 {
            requests.append(Sent(time: now, isTransaction: isTransaction))
            lastSent = now
            send(.request(requests.count - 1), .toFollower)
        }
        enqueue(now + Int.random(in: 1_000...100_000, using: &random), .wake)
    }

    private mutating func answered(_ request: Sent) {
        let (sent, arrived) = (
            LeaseClock.Instant(offset: .microseconds(request.time)), LeaseClock.Instant(offset: .microseconds(now))
        )
        proof.answered(sent: sent, at: arrived)
        if request.isTransaction { proof.confirmed(sent: sent, at: arrived) }
        rules.add(.init(sent: request.time, arrived: now, isTransaction: request.isTransaction))
    }

    private mutating func send(_ message: Message, _ link: Link) {
        let isLeaders = link == .toLeader || link == .fromLeader
        guard now < cut || !isLeaders else { return }
        var arrival = max(free[link.rawValue], now + Int.random(in: 100...weather.delay, using: &random))
        let stall =
            switch link {
            case .toFollower, .toClient: weather.clientStall
            case .toLeader: weather.leaderwardStall
            case .fromLeader: weather.followerwardStall
            }
        if stall > 0, Int.random(in: 0...9, using: &random) == 0 {
            arrival += Int.random(in: 0...stall, using: &random)
        }
        free[link.rawValue] = arrival
        enqueue(arrival, message, link)
    }

    private mutating func enqueue(_ time: Int, _ message: Message, _ link: Link? = nil) {
        order += 1
        let event = Event(time: time, order: order, link: link, message: message)
        let place = events.firstIndex { ($0.time, $0.order) < (event.time, event.order) } ?? events.endIndex
        events.insert(event, at: place)
    }
}
