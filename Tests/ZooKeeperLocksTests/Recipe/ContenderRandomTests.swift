import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct ContenderRandomTests {
    /// What has come of a claim.
    private enum End: Hashable { case held, left }

    /// Lets a claim go its way: disturbed for a while, and then not any more.
    private static func end(_ seed: UInt64) -> End? {
        var world = ContenderWorld(seed: seed)
        var random = SeededGenerator(seed: ~seed)
        let isImpatient = Int.random(in: 0..<4, using: &random) == 0
        var contender = ContenderScript(naming: world.naming, isImpatient: isImpatient).contender
        var step = contender.begin()
        let calm = Int.random(in: 0..<60, using: &random)
        for count in 0..<600 {
            world.isDisturbed = count < calm
            switch step {
            case .send(let operations): step = contender.answered(world.send(operations))
            case .makeRoot:
                world.makeRoot()
                step = contender.rootMade()
            case .queued: step = contender.wait()
            case .wait:
                world.interfere()
                step = Int.random(in: 0..<3, using: &random) == 0 ? contender.outOfTime() : contender.woken()
            case .holding(let ownership):
                #expect(world.isFirst(ownership), "seed \(seed)")
                guard !world.isDisturbed || Bool.random(using: &random) else {
                    step = contender.confirm()
                    continue
                }
                return .held
            case .left:
                #expect(world.own.isEmpty && contender.own == nil, "seed \(seed)")
                return .left
            case .failed(let failure):
                Issue.record("seed \(seed): \(failure)")
                return nil
            }
        }
        Issue.record("seed \(seed): no end")
        return nil
    }

    @Test func `Whoever holds is the first, with nothing else of its own, and whoever leaves leaves nothing`() {
        let ends = (0..<1_000 as Range<UInt64>).map(Self.end)
        #expect(ends.filter { $0 == .held }.count > 500 && ends.filter { $0 == .left }.count > 100)
    }

    @Test func `Whatever is answered, a contender does something that makes sense`() {
        for seed in 0..<800 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let naming = [ZooKeeperNaming.curator, .kazoo, .both].randomElement(using: &random) ?? .curator
            var contender = ContenderScript(naming: naming, isImpatient: Bool.random(using: &random)).contender
            var step = Bool.random(using: &random) ? contender.begin() : contender.search()
            for _ in 0..<40 {
                switch step {
                case .send(let operations):
                    #expect(!operations.isEmpty)
                    let missing = Int.random(in: 0..<30, using: &random) == 0 ? 1 : 0
                    step = contender.answered(operations.dropFirst(missing).map { _ in Self.outcome(naming, &random) })
                case .holding(let ownership):
                    #expect(contender.own == ownership && !ownership.paths.isEmpty)
                    step = contender.confirm()
                case .makeRoot: step = contender.rootMade()
                case .queued: step = contender.wait()
                case .wait: step = Bool.random(using: &random) ? contender.woken() : contender.outOfTime()
                case .failed: step = contender.search()
                case .left: step = contender.begin()
                }
            }
        }
    }

    /// Any outcome.
    private static func outcome(_ naming: ZooKeeperNaming, _ random: inout SeededGenerator) -> Exchange.Outcome {
        let session = Int64(Int.random(in: 0..<8, using: &random) == 0 ? 2 : 1)
        let names =
            ["", "x-1-0000000003", "lock-2147483647", "leases"]
            + NodeNames(ContenderScript.owner, naming: naming).prefixes.map { $0 + "0000000007" }
        let path = "/app/" + (names.randomElement(using: &random) ?? "")
        let stat = Stat(czxid: Int64(Int.random(in: 0...3, using: &random)), ephemeralOwner: 1)
        let errors: [ServerError] = [
            .noNode, .noNode, .nodeExists, .noAuth, .throttled, .unimplemented, .sessionExpired,
        ]
        let result: Result<Reply, ServerError>
        switch Int.random(in: 0..<9, using: &random) {
        case 0: result = .success(.created(path: path, stat))
        case 1: result = .success(.stat(stat))
        case 2: result = .success(.data([], stat))
        case 3, 4: result = .success(.children(names.filter { _ in Bool.random(using: &random) }))
        case 5: result = .success(.results([.created(path: path), .created(path: path)]))
        case 6: result = .success(.results([.done]))
        case 7: result = .failure(errors.randomElement(using: &random) ?? .noNode)
        default:
            let failures: [RequestFailure] = [
                .unanswered(""), .overdue, .notSent(""), .refused(""), .cancelled, .closed,
            ]
            return .failure(failures.randomElement(using: &random) ?? .overdue)
        }
        return .success(Answer(result: result, sessionID: session, sent: .at(0)))
    }
}
