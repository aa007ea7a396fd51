import DistributedLocks

@testable import ZooKeeperLocks

/// A contender for the lock `/app`, with short ways to say what its requests come to. Our session is number 1.
struct ContenderScript {
    typealias Outcome = Exchange.Outcome

    var contender: Contender

    static let owner = OwnerID(high: 0x3334_5f98_9423_4e0c, low: 0xa7b5_9f81_9e3e_c2e1)
    static let prefix = NodeNames(owner, naming: .curator).prefixes[0]
    static let kazooPrefix = NodeNames(owner, naming: .kazoo).prefixes[0]
    /// Our node, the seventh.
    static let node = prefix + "0000000007"
    static let path = "/app/" + node
    /// Nodes of others.
    static let before = "x-1-0000000003"
    static let behind = "x-2-0000000009"
    static let listing = Operation.getChildren(path: "/app")
    static let barrier = Operation.multi([.check(path: "/app")])

    init(
        naming: ZooKeeperNaming = .curator,
        isImpatient: Bool = false,
        describesHolder: Bool = true,
        directory: String = "/app"
    ) {
        let plan = ClaimPlan(
            directory: directory,
            names: NodeNames(Self.owner, naming: naming),
            data: [1, 2],
            access: [.open],
            directoryMode: naming == .curator ? .container : .persistent
        )
        contender = Contender(plan, isImpatient: isImpatient, describesHolder: describesHolder)
    }

    // MARK: Going on

    /// Begins, and has its node made and the others listed.
    mutating func begin(_ nodes: [String] = [node]) -> ContenderStep {
        _ = contender.begin()
        return answer(Self.made(), Self.children(nodes))
    }

    /// The requests of the last step come to this.
    mutating func answer(_ outcomes: Outcome...) -> ContenderStep { ContenderStep(contender.answered(outcomes)) }

    /// Waits behind another one.
    mutating func queue() {
        _ = begin([Self.before, Self.node])
        _ = answer(Self.data())
        _ = contender.wait()
    }

    // MARK: What requests come to

    static func made(_ node: String = node, czxid: Int64 = 70, session: Int64 = 1) -> Outcome {
        success(.created(path: "/app/" + node, Stat(czxid: czxid, ephemeralOwner: session)), session)
    }

    static func children(_ nodes: [String], session: Int64 = 1) -> Outcome { success(.children(nodes), session) }

    static func stat(czxid: Int64 = 70, owner: Int64 = 1, session: Int64 = 1) -> Outcome {
        success(.stat(Stat(czxid: czxid, ephemeralOwner: owner)), session)
    }

    static func data(_ text: String = "me", session: Int64 = 1) -> Outcome {
        success(.data(Array(text.utf8), Stat(czxid: 30, ctime: 1_000)), session)
    }

    static func results(_ results: MultiResult..., session: Int64 = 1) -> Outcome {
        success(.results(results), session)
    }

    static func done(session: Int64 = 1) -> Outcome { success(.done, session) }

    static func error(_ error: ServerError, session: Int64 = 1) -> Outcome {
        .success(Answer(result: .failure(error), sessionID: session, sent: .at(0)))
    }

    static let lost = Outcome.failure(.unanswered("the connection is gone"))

    private static func success(_ reply: Reply, _ session: Int64) -> Outcome {
        .success(Answer(result: .success(reply), sessionID: session, sent: .at(0)))
    }
}

/// What a contender wants to be done, in a form that can be compared.
enum ContenderStep: Hashable {
    case send([Operation])
    case makeRoot
    case queued(Contention)
    case wait
    case holding(Ownership)
    case left(Contention)
    case failed(Contender.ContenderFailure)

    init(_ step: Contender.Step) {
        self =
            switch step {
            case .send(let operations): .send(operations)
            case .makeRoot: .makeRoot
            case .queued(let contention): .queued(contention)
            case .wait: .wait
            case .holding(let ownership): .holding(ownership)
            case .left(let contention): .left(contention)
            case .failed(let failure): .failed(failure)
            }
    }

    /// What is to be sent.
    var operations: [Operation] { if case .send(let operations) = self { operations } else { [] } }

    /// Whether it is some failure about what a server has said.
    var isNonsense: Bool { if case .failed(.nonsense) = self { true } else { false } }
}

extension Contender {
    /// The node is there, and nobody is before it.
    static let holding = ContenderStep.holding(Ownership(sessionID: 1, czxid: 70, paths: [ContenderScript.path]))
}
