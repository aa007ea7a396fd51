import DistributedLocks
import Testing

@testable import ZooKeeperLocks

/// Claims with two nodes, one for Curator and one for kazoo.
@Suite struct ContenderPairTests {
    private typealias Script = ContenderScript

    private static let nodes = [Script.prefix + "0000000007", Script.kazooPrefix + "0000000008"]
    private static let paths = nodes.map { "/app/" + $0 }
    private static let made = Script.results(.created(path: paths[0]), .created(path: paths[1]))
    private static let search = ContenderStep.send([Script.barrier, Script.listing])
    private static let holding = ContenderStep.holding(Ownership(sessionID: 1, czxid: 70, paths: paths))
    private static let beginning = ContenderStep.send([
        .multi(
            [Script.prefix, Script.kazooPrefix].map {
                .create(path: "/app/" + $0, data: [1, 2], access: [.open], mode: .ephemeralSequential)
            }
        ), Script.listing,
    ])

    /// A pair that holds.
    private static func holder() -> Script {
        var script = Script(naming: .both)
        _ = script.contender.begin()
        _ = script.answer(made, Script.children(nodes))
        _ = script.answer(Script.stat(), Script.stat(), Script.children(nodes))
        return script
    }

    @Test func `Both are made in one transaction, and asked when`() {
        var script = Script(naming: .both)
        #expect(ContenderStep(script.contender.begin()) == Self.beginning)
        let looked = script.answer(Self.made, Script.children(Self.nodes))
        #expect(looked == .send(Self.paths.map { .exists(path: $0) } + [Script.listing]))
        #expect(script.answer(Script.stat(), Script.stat(), Script.children(Self.nodes)) == Self.holding)
    }

    @Test func `A transaction that fails because the directory is missing`() {
        var script = Script(naming: .both)
        _ = script.contender.begin()
        let failed = Script.results(.failed(.noNode), .failed(.runtimeInconsistency))
        let step = script.answer(failed, Script.error(.noNode))
        #expect(step.operations.first == .create(path: "/app", access: [.open], mode: .persistent))
        #expect(script.answer(Script.error(.noNode), failed, Script.error(.noNode)) == .makeRoot)
        _ = script.contender.rootMade()
        let next = script.answer(Script.made("app"), Self.made, Script.children(Self.nodes))
        #expect(next.operations == Self.paths.map { .exists(path: $0) } + [Script.listing])
    }

    @Test func `A transaction that fails for another reason, which may be that of the second step`() {
        for failed in [
            Script.results(.failed(.noAuth), .failed(.runtimeInconsistency)),
            Script.results(.failed(.ok), .failed(.noAuth)),
        ] {
            var script = Script(naming: .both)
            _ = script.contender.begin()
            #expect(script.answer(failed, Script.children([])) == .failed(.server(.noAuth)))
        }
    }

    @Test func `Answers that make no sense`() {
        for results in [
            Script.results(.created(path: "/app/a")), Script.results(), Script.results(.done, .done),
            Script.results(.failed(.ok), .failed(.runtimeInconsistency)),
        ] {
            var script = Script(naming: .both)
            _ = script.contender.begin()
            #expect(script.answer(results, Script.children([])).isNonsense)
        }
    }

    @Test func `The answer is lost, and both are found`() {
        var script = Script(naming: .both)
        _ = script.contender.begin()
        #expect(script.answer(Script.lost, Script.lost) == Self.search)
        _ = script.answer(Script.results(.done), Script.children(Self.nodes.reversed()))
        #expect(script.answer(Script.stat(), Script.stat(), Script.children(Self.nodes)) == Self.holding)
    }

    @Test func `Of two different transactions neither counts`() {
        var script = Script(naming: .both)
        _ = script.contender.search()
        _ = script.answer(Script.results(.done), Script.children(Self.nodes))
        let step = script.answer(Script.stat(czxid: 60), Script.stat(czxid: 70), Script.children(Self.nodes))
        #expect(step == .send([.delete(path: Self.paths[1]), Script.listing]))
        // Then only one is left, and goes as well.
        _ = script.answer(Script.done(), Script.children([Self.nodes[0]]))
        let next = script.answer(Script.stat(czxid: 60), Script.children([Self.nodes[0]]))
        #expect(next == .send([.delete(path: Self.paths[0]), Script.listing]))
        #expect(script.answer(Script.done(), Script.children([])) == Self.beginning)
    }

    /// Otherwise what is left would be before the new pair for as long as the session lives, and we would wait for ourselves.
    @Test func `If one of them was deleted, the other one is removed before both are made again`() {
        var script = Script(naming: .both)
        _ = script.contender.begin()
        _ = script.answer(Self.made, Script.children(Self.nodes))
        let first = script.answer(Script.stat(), Script.stat(), Script.children([Self.nodes[1]]))
        #expect(first == Self.search)
        _ = script.answer(Script.results(.done), Script.children([Self.nodes[1]]))
        let step = script.answer(Script.stat(), Script.children([Self.nodes[1]]))
        #expect(step == .send([.delete(path: Self.paths[1]), Script.listing]))
        #expect(script.answer(Script.done(), Script.children([])) == Self.beginning)
    }

    @Test func `The same when that is found out by the transaction that confirms`() {
        var script = Self.holder()
        #expect(ContenderStep(script.contender.confirm()) == .send([.multi(Self.paths.map { .check(path: $0) })]))
        #expect(script.answer(Script.results(.failed(.ok), .failed(.noNode))) == Self.search)
    }

    @Test func `Leaving deletes both`() {
        var script = Self.holder()
        let step = ContenderStep(script.contender.leave())
        #expect(step == .send([Script.listing] + Self.paths.map { .delete(path: $0) }))
        #expect(script.answer(Script.children(Self.nodes), Script.done(), Script.lost).operations.count == 3)
        #expect(script.answer(Script.children([]), Script.error(.noNode), Script.done()) == .left(Contention()))
        #expect(script.contender.own == nil)
    }
}
