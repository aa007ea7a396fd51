import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct ContenderLeavingTests {
    private typealias Script = ContenderScript

    private static let delete = Operation.delete(path: ContenderScript.path)
    private static let look = Operation.getData(path: "/app/" + ContenderScript.before)

    private static func holder(ahead: Int? = 0) -> Contention {
        let since = UnixTime(microseconds: 1_000_000)
        return Contention(holders: [Holder(label: "another program's lock (me)", waitingSince: since)], ahead: ahead)
    }

    @Test func `Whoever does not want to wait deletes its node, and says who is in the way`() {
        var script = Script(isImpatient: true)
        #expect(script.begin([Script.before, Script.node]) == .send([Self.look, Self.delete]))
        #expect(script.answer(Script.data(), Script.done()) == .left(Self.holder()))
        #expect(script.contender.own == nil && !script.contender.hasQueued)
    }

    @Test func `Of several in the way the first is looked at`() {
        var script = Script(isImpatient: true)
        let step = script.begin([Script.node, Script.before, "x-9-0000000005", "x-8-0000000006"])
        #expect(step == .send([Self.look, Self.delete]))
        #expect(script.answer(Script.data(), Script.done()) == .left(Self.holder(ahead: 2)))
    }

    @Test func `Whoever does not want to wait and need not holds the lock`() {
        var script = Script(isImpatient: true)
        #expect(script.begin() == Contender.holding)
    }

    @Test func `Whoever is in the way may be gone by then`() {
        for outcome in [Script.error(.noNode), Script.lost, Script.error(.noAuth)] {
            var script = Script(isImpatient: true)
            _ = script.begin([Script.before, Script.node])
            #expect(script.answer(outcome, Script.done()) == .left(Contention(ahead: 0)))
        }
    }

    @Test func `Out of time while waiting: who holds the lock by now?`() {
        var script = Script()
        script.queue()
        #expect(ContenderStep(script.contender.outOfTime()) == .send([Script.listing, Self.delete]))
        let step = script.answer(Script.children([Script.before, "x-9-0000000005", Script.node]), Script.done())
        #expect(step == .send([Self.look]))
        #expect(script.answer(Script.data()) == .left(Self.holder(ahead: 1)))
    }

    @Test func `Out of time, and nothing more can be found out`() {
        let known = Self.holder()
        for outcome in [Script.lost, Script.error(.noNode), Script.children([]), Script.children([Script.node])] {
            var script = Script()
            script.queue()
            _ = script.contender.outOfTime()
            #expect(script.answer(outcome, Script.done()) == .left(known))
        }
        var script = Script()
        script.queue()
        _ = script.contender.outOfTime()
        _ = script.answer(Script.children([Script.before, Script.node]), Script.done())
        #expect(script.answer(Script.error(.noNode)) == .left(known))
    }

    @Test func `The numbers do not tell who is in the way`() {
        var script = Script()
        script.queue()
        _ = script.contender.outOfTime()
        let step = script.answer(Script.children(["x-1-2147483647", Script.node]), Script.done())
        #expect(step == .left(Self.holder()))
    }

    @Test func `A deletion that is lost is repeated, and may have happened`() {
        for failure in [RequestFailure.unanswered("gone"), .overdue, .notSent("no")] {
            var script = Script(isImpatient: true)
            _ = script.begin([Script.before, Script.node])
            #expect(script.answer(Script.data(), .failure(failure)) == .send([Self.look, Self.delete]))
            #expect(script.contender.own != nil)
            #expect(script.answer(Script.data(), Script.error(.noNode)) == .left(Self.holder()))
        }
    }

    @Test func `A deletion that cannot be repeated`() {
        let cases: [(ContenderScript.Outcome, Contender.ContenderFailure)] = [
            (.failure(.cancelled), .request(.cancelled)), (.failure(.closed), .request(.closed)),
            (Script.error(.noAuth), .server(.noAuth)), (Script.error(.throttled), .server(.throttled)),
        ]
        for (outcome, failure) in cases {
            var script = Script()
            script.queue()
            _ = script.contender.outOfTime()
            #expect(script.answer(Script.children([]), outcome) == .failed(failure))
            #expect(script.contender.own != nil)
        }
    }

    @Test func `In another session the node is gone, or deleted all the same`() {
        var script = Script()
        script.queue()
        _ = script.contender.outOfTime()
        let step = script.answer(Script.children([Script.before], session: 2), Script.error(.noNode, session: 2))
        #expect(step == .left(Self.holder()))
    }

    @Test func `Whoever has nothing leaves at once`() {
        var script = Script()
        #expect(ContenderStep(script.contender.leave()) == .left(Contention()))
    }

    @Test(arguments: [RequestFailure.cancelled, .closed])
    func `In every state a cancelled request ends it`(_ failure: RequestFailure) {
        let ways: [(inout Script) -> Int] = [
            {
                _ = $0.contender.begin(); return 2
            },
            {
                _ = $0.contender.begin();
                return $0.answer(Script.error(.noNode), Script.error(.noNode)).operations.count
            },
            {
                _ = $0.contender.search(); return 2
            },
            {
                _ = $0.contender.search();
                return $0.answer(Script.results(.done), Script.children([Script.node])).operations.count
            },
            {
                _ = $0.begin(); _ = $0.contender.woken(); return 1
            },
            { $0.begin([Script.node, "x-1-2147483647"]).operations.count },
            { $0.begin([Script.before, Script.node]).operations.count },
            {
                _ = $0.begin(); _ = $0.contender.confirm(); return 1
            },
            {
                $0.queue(); _ = $0.contender.outOfTime(); return 2
            },
        ]
        for (index, way) in ways.enumerated() {
            var script = Script()
            let outcomes = [ContenderScript.Outcome](repeating: .failure(failure), count: way(&script))
            let step = ContenderStep(script.contender.answered(outcomes))
            #expect(step == .failed(.request(failure)), "way \(index)")
        }
    }
}
