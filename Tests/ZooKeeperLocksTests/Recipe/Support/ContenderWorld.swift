import DistributedLocks
import DistributedLocksTesting

@testable import ZooKeeperLocks

/// A directory with contenders on servers that keep the order of a client's requests, one claim among them that is tested, and a
/// connection that loses requests and answers, and sessions.
struct ContenderWorld {
    typealias Outcome = Exchange.Outcome

    private struct Node {
        let czxid: Int64
        let session: Int64
    }

    private enum Fate: CaseIterable {
        case answered, lost, unanswered, late, cut, expired, notSent
    }

    let naming: ZooKeeperNaming
    private var random: SeededGenerator
    private var nodes: [String: Node] = [:]
    private var hasDirectory = false
    private var hasChroot: Bool
    private var zxid: Int64 = 0
    private var counter: Int32
    private var session: Int64 = 1
    /// What was sent, and comes to the servers just before what is sent next.
    private var late: [Operation] = []
    /// Whether anything still goes wrong.
    var isDisturbed = true
    private var others = 0

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        naming = [.curator, .kazoo, .both].randomElement(using: &random) ?? .curator
        hasChroot = Bool.random(using: &random)
        counter = [0, 5, .max - 1_000_004, .max - 3].randomElement(using: &random) ?? 0
        hasDirectory = hasChroot && isTrue(70)
        while hasDirectory, isTrue(60) { addStranger() }
    }

    private mutating func isTrue(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    // MARK: What others do

    /// Others come and go, sessions of ours that are over leave their nodes for a while, and operators delete what they like.
    mutating func interfere() {
        let strangers = nodes.keys.filter { isStranger($0) }.sorted()
        if isDisturbed, hasDirectory, isTrue(25) {
            addStranger()
        }
        if isTrue(isDisturbed ? 30 : 60), let gone = strangers.randomElement(using: &random) { nodes[gone] = nil }
        let dead = nodes.filter { $0.value.session > 0 && $0.value.session != session }.keys.sorted()
        if isTrue(isDisturbed ? 30 : 60), let gone = dead.first { nodes[gone] = nil }
        if isDisturbed, isTrue(4), let gone = nodes.keys.sorted().randomElement(using: &random) { nodes[gone] = nil }
        if nodes.isEmpty, isTrue(10) {
            (hasDirectory, counter) = (false, 0)
        }
    }

    private mutating func addStranger() {
        others += 1
        zxid += 1
        add("x-\(others)-", session: Int64(-others))
    }

    private func isStranger(_ node: String) -> Bool { node.utf8.starts(with: "x-".utf8) }

    // MARK: What the claim does

    /// What a flush of requests comes to.
    mutating func send(_ operations: [Operation]) -> [Outcome] {
        interfere()
        for operation in late { _ = perform(operation) }
        late = []
        switch isDisturbed && isTrue(35) ? Fate.allCases.randomElement(using: &random) ?? .answered : .answered {
        case .answered: return operations.map { answer(perform($0)) }
        case .lost: return lost(operations)
        case .unanswered:
            for operation in operations { _ = perform(operation) }
            return lost(operations)
        case .late:
            late = operations
            return lost(operations)
        case .cut:
            let done = Int.random(in: 0...operations.count, using: &random)
            let answered = Int.random(in: 0...done, using: &random)
            let outcomes = operations.prefix(done).map { answer(perform($0)) }
            return Array(outcomes.prefix(answered) + lost(operations).dropFirst(answered))
        case .expired:
            session += 1
            return lost(operations)
        case .notSent: return operations.map { _ in .failure(.notSent("")) }
        }
    }

    private func lost(_ operations: [Operation]) -> [Outcome] { operations.map { _ in .failure(.unanswered("")) } }

    private func answer(_ result: Result<Reply, ServerError>) -> Outcome {
        .success(Answer(result: result, sessionID: session, sent: .at(0)))
    }

    /// Makes the chroot.
    mutating func makeRoot() { hasChroot = true }

    private mutating func perform(_ operation: Operation) -> Result<Reply, ServerError> {
        switch operation {
        case .create("/app", _, _, _):
            guard hasChroot else { return .failure(.noNode) }
            guard !hasDirectory else { return .failure(.nodeExists) }
            hasDirectory = true
            return .success(.created(path: "/app", Stat(czxid: 1)))
        case .create(let path, _, _, _):
            guard hasDirectory else { return .failure(.noNode) }
            zxid += 1
            let node = add(String(path.dropFirst(5)), session: session)
            return .success(.created(path: "/app/\(node)", stat(node)))
        case .multi(let steps): return .success(.results(perform(steps)))
        case .delete(let path, _):
            guard nodes.removeValue(forKey: String(path.dropFirst(5))) != nil else { return .failure(.noNode) }
            return .success(.done)
        case .exists(let path, _):
            let node = String(path.dropFirst(5))
            return nodes[node] == nil ? .failure(.noNode) : .success(.stat(stat(node)))
        case .getData(let path, _):
            let node = String(path.dropFirst(5))
            return nodes[node] == nil ? .failure(.noNode) : .success(.data([], stat(node)))
        case .getChildren:
            guard hasDirectory else { return .failure(.noNode) }
            return .success(.children(nodes.keys.shuffled(using: &random) + ["leases"]))
        default: return .failure(.unimplemented)
        }
    }

    private mutating func perform(_ steps: [MultiOperation]) -> [MultiResult] {
        let isPossible = steps.allSatisfy { step in
            switch step {
            case .check("/app", _), .create: hasDirectory
            case .check(let path, _): nodes[String(path.dropFirst(5))] != nil
            default: false
            }
        }
        guard isPossible else { return steps.map { _ in .failed(.noNode) } }
        zxid += 1
        return steps.map { step in
            guard case .create(let path, _, _, _) = step else { return .done }
            return .created(path: "/app/\(add(String(path.dropFirst(5)), session: session))")
        }
    }

    @discardableResult
    private mutating func add(_ prefix: String, session: Int64) -> String {
        let digits = String(counter.magnitude)
        let zeros = String(repeating: "0", count: max(0, (counter < 0 ? 9 : 10) - digits.count))
        let node = prefix + (counter < 0 ? "-" : "") + zeros + digits
        counter &+= 1
        nodes[node] = Node(czxid: zxid, session: session)
        return node
    }

    private func stat(_ node: String) -> Stat {
        Stat(czxid: nodes[node]?.czxid ?? 0, ephemeralOwner: nodes[node]?.session ?? 0)
    }

    // MARK: What is true

    /// The claim's nodes that live with its session.
    var own: Set<String> { Set(nodes.filter { $0.value.session == session }.keys.map { "/app/\($0)" }) }

    /// Whether the nodes are those of the claim, and nobody's are older.
    func isFirst(_ ownership: Ownership) -> Bool {
        own == Set(ownership.paths) && ownership.sessionID == session
            && ownership.paths.allSatisfy { nodes[String($0.dropFirst(5))]?.czxid == ownership.czxid }
            && nodes.values.allSatisfy { $0.czxid >= ownership.czxid }
    }
}
