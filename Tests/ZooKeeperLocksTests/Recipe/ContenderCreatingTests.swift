import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct ContenderCreatingTests {
    private typealias Script = ContenderScript

    private static let creation = Operation.create(
        path: "/app/" + Script.prefix,
        data: [1, 2],
        access: [.open],
        mode: .ephemeralSequential
    )
    private static let beginning = ContenderStep.send([creation, Script.listing])
    private static let search = ContenderStep.send([Script.barrier, Script.listing])

    private static func ancestors(_ mode: CreateMode = .container) -> ContenderStep {
        .send([.create(path: "/app", access: [.open], mode: mode), creation, Script.listing])
    }

    // MARK: The node

    @Test func `The node is made and the others are listed in one go, and nobody is there`() {
        var script = Script()
        #expect(ContenderStep(script.contender.begin()) == Self.beginning)
        #expect(script.answer(Script.made(), Script.children([Script.node, "leases"])) == Contender.holding)
        #expect(script.contender.own == Ownership(sessionID: 1, czxid: 70, paths: [Script.path]))
    }

    @Test func `Whoever has come later does not count`() {
        var script = Script()
        #expect(script.begin([Script.behind, Script.node]) == Contender.holding)
    }

    @Test func `The list is lost, but not the node`() {
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(Script.made(), Script.lost) == .send([Script.listing]))
        #expect(script.answer(Script.children([Script.node])) == Contender.holding)
    }

    @Test func `The list comes from another session than the node`() {
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(Script.made(), Script.children([Script.node], session: 2)) == Self.beginning)
        #expect(script.contender.own == nil)
    }

    @Test func `Nothing was sent`() {
        var script = Script()
        _ = script.contender.begin()
        let outcome = ContenderScript.Outcome.failure(.notSent("no connection"))
        #expect(script.answer(outcome, outcome) == Self.beginning)
    }

    @Test(arguments: [RequestFailure.refused("too many"), .cancelled, .closed])
    func `Failures that a repetition does not help`(_ failure: RequestFailure) {
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(.failure(failure), .failure(failure)) == .failed(.request(failure)))
    }

    @Test(arguments: [
        ServerError.noAuth, .invalidACL, .throttled, .noChildrenForEphemerals, .unimplemented, .quotaExceeded,
    ])
    func `The server refuses`(_ error: ServerError) {
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(Script.error(error), Script.children([])) == .failed(.server(error)))
        // What may work a moment later may have been done as well.
        #expect(script.contender.isTurnedDown == (error != .throttled))
        _ = script.contender.begin()
        #expect(!script.contender.isTurnedDown)
        script = Script()
        _ = script.contender.begin()
        #expect(script.answer(Script.made(), Script.error(error)) == .failed(.server(error)))
        #expect(!script.contender.isTurnedDown, "the node was made, and is to be removed")
    }

    @Test func `The own node is not in the list`() {
        var script = Script()
        #expect(script.begin([Script.before]) == Self.beginning)
        #expect(script.contender.own == nil)
    }

    @Test func `A node that vanishes again and again is not made for ever`() {
        var script = Script()
        var step = ContenderStep(script.contender.begin())
        var count = 0
        while case .send = step, count < 1_000 {
            step = script.answer(Script.made(), Script.children([]))
            count += 1
        }
        #expect(step.isNonsense && count == 100)
    }

    @Test func `Answers that make no sense`() {
        for outcomes in [
            [], [Script.made()], [Script.data(), Script.children([])], [Script.children([]), Script.children([])],
        ] {
            var script = Script()
            _ = script.contender.begin()
            #expect(ContenderStep(script.contender.answered(outcomes)).isNonsense)
        }
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(Script.made(), Script.data()).isNonsense)
    }

    // MARK: The nodes above

    @Test func `The directory is made, and the node in the same go`() {
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(Script.error(.noNode), Script.error(.noNode)) == Self.ancestors())
        let step = script.answer(Script.made("app"), Script.made(), Script.children([Script.node]))
        #expect(step == Contender.holding)
    }

    @Test func `Somebody else has just made the directory`() {
        var script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.error(.noNode), Script.error(.noNode))
        let step = script.answer(
            Script.error(.nodeExists),
            Script.made(),
            Script.children([Script.before, Script.node])
        )
        #expect(step.operations.first == .getData(path: "/app/" + Script.before, watch: true))
    }

    @Test func `All nodes above are made from the top`() {
        var script = Script(directory: "/a/b/app")
        _ = script.contender.begin()
        let operations = script.answer(Script.error(.noNode), Script.error(.noNode)).operations
        let paths = operations.compactMap { if case .create(let path, _, _, .container) = $0 { path } else { nil } }
        #expect(paths == ["/a", "/a/b", "/a/b/app"] && operations.count == 5)
    }

    @Test func `The chroot is not there either`() {
        var script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.error(.noNode), Script.error(.noNode))
        #expect(script.answer(Script.error(.noNode), Script.error(.noNode), Script.error(.noNode)) == .makeRoot)
        #expect(ContenderStep(script.contender.rootMade()) == Self.ancestors())
    }

    @Test func `A server that does not know containers`() {
        var script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.error(.noNode), Script.error(.noNode))
        let step = script.answer(Script.error(.unimplemented), Script.error(.noNode), Script.error(.noNode))
        #expect(step == Self.ancestors(.persistent))
        let next = script.answer(Script.error(.unimplemented), Script.error(.noNode), Script.error(.noNode))
        #expect(next == .failed(.server(.unimplemented)))
    }

    @Test func `Whoever may not make the directory needs not, if it is there`() {
        var script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.error(.noNode), Script.error(.noNode))
        #expect(
            script.answer(Script.error(.noAuth), Script.made(), Script.children([Script.node])) == Contender.holding
        )
        script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.error(.noNode), Script.error(.noNode))
        let step = script.answer(Script.error(.noAuth), Script.error(.noNode), Script.error(.noNode))
        #expect(step == .failed(.server(.noAuth)))
    }

    @Test func `What the directory came to is lost, the node is looked for`() {
        var script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.error(.noNode), Script.error(.noNode))
        #expect(script.answer(Script.lost, Script.lost, Script.lost) == Self.search)
        #expect(script.answer(Script.results(.failed(.noNode)), Script.error(.noNode)) == Self.ancestors())
    }

    @Test func `A directory that vanishes again and again is not made for ever`() {
        var script = Script()
        var step = ContenderStep(script.contender.begin())
        var count = 0
        while case .send(let operations) = step, count < 1_000 {
            let missing = ContenderScript.Outcome.success(
                Answer(result: .failure(.noNode), sessionID: 1, sent: .at(0))
            )
            let answers = operations.count == 2 ? [missing, missing] : [Script.made("app"), missing, missing]
            step = ContenderStep(script.contender.answered(answers))
            count += 1
        }
        #expect(step.isNonsense && count == 100)
    }

    // MARK: A lost answer

    @Test(arguments: [RequestFailure.unanswered("gone"), .overdue])
    func `The answer is lost, the node was made`(_ failure: RequestFailure) {
        var script = Script()
        _ = script.contender.begin()
        #expect(script.answer(.failure(failure), .failure(failure)) == Self.search)
        let found = script.answer(Script.results(.done), Script.children([Script.before, Script.node]))
        #expect(found == .send([.exists(path: Script.path), Script.listing]))
        #expect(script.answer(Script.stat(), Script.children([Script.node])) == Contender.holding)
    }

    @Test func `The answer is lost, the node was not made`() {
        var script = Script()
        _ = script.contender.begin()
        _ = script.answer(Script.lost, Script.lost)
        #expect(script.answer(Script.results(.done), Script.children([Script.before])) == Self.beginning)
    }

    @Test func `A list that may be old is not believed`() {
        for failure in [RequestFailure.unanswered("gone"), .overdue, .notSent("no")] {
            var script = Script()
            _ = script.contender.begin()
            _ = script.answer(Script.lost, Script.lost)
            #expect(script.answer(.failure(failure), Script.children([])) == Self.search)
            #expect(script.answer(Script.results(.done), .failure(failure)) == Self.search)
        }
        for error in [ServerError.throttled, .requestTimeout, .noAuth, .systemError] {
            var script = Script()
            _ = script.contender.begin()
            _ = script.answer(Script.lost, Script.lost)
            #expect(script.answer(Script.error(error), Script.children([])) == .failed(.server(error)))
        }
    }

    @Test func `The search cannot go on`() {
        var script = Script()
        _ = ContenderStep(script.contender.search())
        #expect(script.answer(.failure(.cancelled), .failure(.cancelled)) == .failed(.request(.cancelled)))
        _ = script.contender.search()
        #expect(script.answer(Script.results(.done), Script.error(.noAuth)) == .failed(.server(.noAuth)))
        _ = script.contender.search()
        #expect(script.answer(Script.results(.done), Script.data()).isNonsense)
        _ = script.contender.search()
        #expect(script.answer(Script.results(.done)).isNonsense)
    }

    @Test func `A node from a session that is over is not ours, and is not left behind`() {
        var script = Script()
        _ = script.contender.search()
        _ = script.answer(Script.results(.done, session: 2), Script.children([Script.node], session: 2))
        let step = script.answer(Script.stat(owner: 1, session: 2), Script.children([Script.node], session: 2))
        #expect(step == .send([.delete(path: Script.path), Script.listing]))
        #expect(script.contender.own == nil)
        #expect(script.answer(Script.done(session: 2), Script.children([], session: 2)) == Self.beginning)
    }

    @Test func `A node that vanishes while it is looked at`() {
        var script = Script()
        _ = script.contender.search()
        _ = script.answer(Script.results(.done), Script.children([Script.node]))
        #expect(script.answer(Script.error(.noNode), Script.children([])) == Self.beginning)
    }

    @Test func `A look at the node that is lost is repeated with the search`() {
        var script = Script()
        _ = script.contender.search()
        _ = script.answer(Script.results(.done), Script.children([Script.node]))
        #expect(script.answer(Script.lost, Script.lost) == Self.search)
    }

    @Test func `Of two nodes of the same claim one has to go`() {
        let second = Script.prefix + "0000000008"
        var script = Script()
        _ = script.contender.search()
        let looked = script.answer(Script.results(.done), Script.children([Script.node, second]))
        #expect(looked.operations == [.exists(path: Script.path), .exists(path: "/app/" + second), Script.listing])
        let step = script.answer(Script.stat(), Script.stat(czxid: 80), Script.children([]))
        #expect(step == .send([.delete(path: "/app/" + second), Script.listing]))
        #expect(
            script.answer(Script.done(), Script.children([Script.node])).operations.first == .exists(path: Script.path)
        )
        #expect(script.answer(Script.stat(), Script.children([Script.node])) == Contender.holding)
    }

    @Test func `A server that does not say what it has made is asked`() {
        var script = Script()
        _ = script.contender.begin()
        #expect(
            script.answer(Script.made(czxid: 0), Script.children([Script.node]))
                == .send([.exists(path: Script.path), Script.listing])
        )
        #expect(script.answer(Script.stat(), Script.children([Script.node])) == Contender.holding)
    }
}
