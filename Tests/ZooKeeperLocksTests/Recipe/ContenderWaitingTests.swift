import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct ContenderWaitingTests {
    private typealias Script = ContenderScript

    private static let watch = Operation.getData(path: "/app/" + Script.before, watch: true)
    private static let listing = ContenderStep.send([Script.listing])

    /// Whether it begins anew, with nothing of its own.
    private static func isAnew(_ step: ContenderStep, _ script: Script) -> Bool {
        guard case .create(_, _, _, .ephemeralSequential) = step.operations.first else { return false }
        return step.operations.last == Script.listing && script.contender.own == nil
    }

    // MARK: Waiting

    @Test func `The node before ours is watched, and nobody else`() {
        var script = Script()
        #expect(script.begin([Script.node, Script.behind, Script.before]) == .send([Self.watch]))
        let contention = Contention(
            holders: [Holder(label: "another program's lock (me)", waitingSince: UnixTime(microseconds: 1_000_000))],
            ahead: 0
        )
        #expect(script.answer(Script.data()) == .queued(contention))
        #expect(ContenderStep(script.contender.wait()) == .wait)
    }

    @Test func `Whoever is farther back does not look if nobody wants to know`() {
        var script = Script(describesHolder: false)
        #expect(script.begin([Script.node, Script.before, "x-9-0000000001"]) == .send([Self.watch]))
        #expect(script.answer(Script.data("dlock host=web-3")) == .queued(Contention(ahead: 1)))
    }

    @Test func `Whoever is farther back looks once who holds the lock`() {
        var script = Script()
        let holder = "x-9-0000000001"
        let step = script.begin([Script.node, Script.before, holder])
        #expect(step == .send([Self.watch, .getData(path: "/app/" + holder)]))
        guard case .queued(let contention) = script.answer(Script.data("waiter"), Script.data("dlock host=web-3"))
        else {
            Issue.record("not queued")
            return
        }
        #expect(contention.ahead == 1 && contention.holders.first?.host == "web-3")
        #expect(ContenderStep(script.contender.woken()) == Self.listing)
        #expect(script.answer(Script.children([Script.node, Script.before, holder])) == .send([Self.watch]))
        #expect(script.answer(Script.data()) == .wait)
    }

    @Test func `A holder that cannot be looked at is not named`() {
        for outcome in [Script.lost, Script.error(.noNode), Script.error(.noAuth), Script.done()] {
            var script = Script()
            _ = script.begin([Script.node, Script.before, "x-9-0000000001"])
            #expect(script.answer(Script.data(), outcome) == .queued(Contention(ahead: 1)))
        }
    }

    @Test func `The node before ours is gone before it is watched`() {
        var script = Script()
        _ = script.begin([Script.before, Script.node])
        #expect(script.answer(Script.error(.noNode)) == Self.listing)
        #expect(script.answer(Script.children([Script.node])) == Contender.holding)
    }

    @Test func `Woken, and nobody is before us any more`() {
        var script = Script()
        script.queue()
        #expect(ContenderStep(script.contender.woken()) == Self.listing)
        #expect(script.answer(Script.children([Script.node, Script.behind])) == Contender.holding)
    }

    @Test func `Woken, but the one before us was not the holder`() {
        var script = Script()
        script.queue()
        _ = script.contender.woken()
        #expect(
            script.answer(Script.children(["x-9-0000000001", Script.node]))
                == .send([.getData(path: "/app/x-9-0000000001", watch: true)])
        )
        #expect(script.answer(Script.data()) == .wait)
    }

    @Test func `A watch whose answer is lost is not relied on`() {
        var script = Script()
        _ = script.begin([Script.before, Script.node])
        #expect(script.answer(Script.lost) == Self.listing)
        #expect(script.answer(Script.children([Script.before, Script.node])) == .send([Self.watch]))
    }

    @Test func `A watch in another session is not relied on`() {
        var script = Script()
        _ = script.begin([Script.before, Script.node])
        let step = script.answer(Script.data(session: 2))
        #expect(Self.isAnew(step, script))
    }

    @Test(arguments: [ServerError.noAuth, .throttled])
    func `A watch that is refused`(_ error: ServerError) {
        var script = Script()
        _ = script.begin([Script.before, Script.node])
        #expect(script.answer(Script.error(error)) == .failed(.server(error)))
    }

    @Test func `Woken by the end of the session, which shows with the next answer`() {
        var script = Script()
        script.queue()
        _ = script.contender.woken()
        let step = script.answer(Script.children([Script.node], session: 2))
        #expect(Self.isAnew(step, script))
    }

    @Test func `Somebody has deleted our node while we were waiting`() {
        var script = Script()
        script.queue()
        _ = script.contender.woken()
        let step = script.answer(Script.children([Script.behind]))
        #expect(Self.isAnew(step, script))
    }

    @Test func `The directory is gone, and our node with it`() {
        var script = Script()
        script.queue()
        _ = script.contender.woken()
        let step = script.answer(Script.error(.noNode))
        #expect(Self.isAnew(step, script))
    }

    @Test func `A list that is lost is asked for again`() {
        for failure in [RequestFailure.unanswered("gone"), .overdue, .notSent("no")] {
            var script = Script()
            script.queue()
            _ = script.contender.woken()
            #expect(script.answer(.failure(failure)) == Self.listing)
        }
    }

    @Test func `A list that cannot be had`() {
        let cases: [(ContenderScript.Outcome, Contender.ContenderFailure)] = [
            (Script.error(.noAuth), .server(.noAuth)), (.failure(.cancelled), .request(.cancelled)),
            (.failure(.closed), .request(.closed)), (.failure(.refused("no")), .request(.refused("no"))),
        ]
        for (outcome, failure) in cases {
            var script = Script()
            script.queue()
            _ = script.contender.woken()
            #expect(script.answer(outcome) == .failed(failure))
        }
    }

    @Test func `Answers that make no sense`() {
        var script = Script()
        script.queue()
        _ = script.contender.woken()
        #expect(script.answer(Script.data()).isNonsense)
        _ = script.contender.woken()
        #expect(script.answer().isNonsense)
        script = Script()
        _ = script.begin([Script.before, Script.node])
        #expect(script.answer().isNonsense)
    }

    @Test func `An answer that nobody waits for changes nothing`() {
        var script = Script()
        script.queue()
        #expect(script.answer(Script.children([Script.node])) == .wait)
    }

    // MARK: Numbers that do not tell

    private static let late = "x-1-2147483647"
    private static let ours = ContenderScript.prefix + "2147483647"

    private static func atEnd() -> Script {
        var script = Script()
        _ = script.contender.begin()
        #expect(
            script.answer(Script.made(ours), Script.children([late, ours]))
                == .send([.exists(path: "/app/" + late), .exists(path: "/app/" + ours)])
        )
        return script
    }

    @Test func `The transactions tell who came first`() {
        var script = Self.atEnd()
        #expect(
            script.answer(Script.stat(czxid: 69), Script.stat())
                == .send([.getData(path: "/app/" + Self.late, watch: true)])
        )
        script = Self.atEnd()
        let holding = ContenderStep.holding(Ownership(sessionID: 1, czxid: 70, paths: ["/app/" + Self.ours]))
        #expect(script.answer(Script.stat(czxid: 71), Script.stat()) == holding)
        script = Self.atEnd()
        #expect(script.answer(Script.error(.noNode), Script.stat()) == holding)
    }

    @Test(arguments: [ServerError.throttled, .requestTimeout, .noAuth, .marshallingError])
    func `A node that cannot be asked for is not taken for gone`(_ error: ServerError) {
        var script = Self.atEnd()
        #expect(script.answer(Script.error(error), Script.stat()) == .failed(.server(error)))
    }

    @Test func `Answers to the question when that are of no use`() {
        var script = Self.atEnd()
        #expect(script.answer(Script.lost, Script.lost) == Self.listing)
        script = Self.atEnd()
        #expect(script.answer(Script.stat()).isNonsense)
        script = Self.atEnd()
        #expect(script.answer(Script.data(), Script.stat()).isNonsense)
        script = Self.atEnd()
        var step = script.answer(Script.stat(czxid: 69), Script.error(.noNode))
        #expect(Self.isAnew(step, script))
        script = Self.atEnd()
        step = script.answer(Script.stat(czxid: 71), Script.stat(session: 2))
        #expect(Self.isAnew(step, script))
    }

    // MARK: Confirming

    private static let confirmation = ContenderStep.send([.multi([.check(path: ContenderScript.path)])])

    @Test func `A transaction says that the node is there`() {
        var script = Script()
        _ = script.begin()
        #expect(!script.contender.isConfirmed)
        #expect(ContenderStep(script.contender.confirm()) == Self.confirmation)
        #expect(script.answer(Script.results(.done)) == Contender.holding)
        #expect(script.contender.isConfirmed)
    }

    @Test func `It says that the node is gone`() {
        for outcome in [Script.results(.failed(.noNode)), Script.error(.noNode), Script.results(.done, session: 2)] {
            var script = Script()
            _ = script.begin()
            _ = script.contender.confirm()
            let step = script.answer(outcome)
            #expect(Self.isAnew(step, script))
        }
    }

    @Test func `It is lost, refused, or makes no sense`() {
        var script = Script()
        _ = script.begin()
        _ = script.contender.confirm()
        #expect(script.answer(Script.lost) == Self.listing)
        #expect(script.answer(Script.children([Script.node])) == Contender.holding)
        _ = script.contender.confirm()
        #expect(script.answer(Script.error(.noAuth)) == .failed(.server(.noAuth)))
        _ = script.contender.confirm()
        #expect(script.answer(.failure(.closed)) == .failed(.request(.closed)))
        _ = script.contender.confirm()
        #expect(script.answer(Script.data()).isNonsense)
        _ = script.contender.confirm()
        #expect(script.answer().isNonsense)
    }

    @Test func `Whoever has nothing cannot confirm it`() {
        var script = Script()
        let step = ContenderStep(script.contender.confirm())
        #expect(Self.isAnew(step, script))
    }
}
