import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct QueueTests {
    /// The node of contender `name`, in the form of go-zookeeper and Curator.
    private static func node(_ name: String, _ number: Int32) -> String { "\(name)-lock-\(number)" }

    /// Those ahead of us, or `nil` if that is not what comes out.
    private static func ahead(_ view: Queue.View) -> [String]? {
        if case .present(let queue) = view { queue.ahead } else { nil }
    }

    @Test func `Those with smaller numbers are before us, in their order`() {
        let nodes = [Self.node("c", 9), Self.node("a", 12), Self.node("b", 7), Self.node("d", 11), Self.node("e", 110)]
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[0]])) == [nodes[2]])
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[2]])) == [])
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[4]])) == [nodes[2], nodes[0], nodes[3], nodes[1]])
    }

    @Test func `Numbers are compared as such, however they are written`() {
        let nodes = ["z__lock__0000000002", "_c_-lock-10", "x-77-0000000001", "a__rlock__9", "q-__WRIT__0000000003"]
        let expected = [nodes[2], nodes[0], nodes[4], nodes[3]]
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[1]])) == expected)
        #expect(Queue.order(of: nodes) == expected + [nodes[1]])
    }

    @Test func `Whatever is no contender is passed over`() {
        let own = Self.node("a", 5)
        let nodes = ["leases", "0000000001", "_c_-lease-0000000001", "", own, "lock-9999999999"]
        #expect(Self.ahead(Queue.view(of: nodes, own: [own])) == [])
        #expect(Queue.order(of: nodes) == [own])
    }

    @Test func `Whoever has no node there, or only a part of them, is absent`() {
        let nodes = [Self.node("a", 5), Self.node("b", 6)]
        #expect(Queue.view(of: nodes, own: [Self.node("c", 5)]) == .absent)
        #expect(Queue.view(of: nodes, own: [Self.node("a", 6)]) == .absent)
        #expect(Queue.view(of: nodes, own: [nodes[0], Self.node("b", 7)]) == .absent)
        #expect(Queue.view(of: [String](), own: [nodes[0]]) == .absent)
        #expect(Queue.view(of: nodes, own: []) == .absent)
        #expect(Queue.view(of: [(nodes[0], 1)], own: nodes) == .absent)
        #expect(Queue.view(of: [(nodes[0], 1)], own: []) == .absent)
    }

    @Test func `Of two nodes of our own the first counts`() {
        let nodes = (1...5).map { Self.node("n", $0) }
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[2], nodes[3]])) == [nodes[0], nodes[1]])
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[1], nodes[0]])) == [])
    }

    @Test(arguments: [Int32.max, .max - 999_999, -1, .min])
    func `At the end of the counter the transactions decide`(_ number: Int32) {
        let nodes = [Self.node("a", 5), Self.node("b", number)]
        for own in nodes { #expect(Queue.view(of: nodes, own: [own]) == .ambiguous(nodes)) }
        #expect(Queue.order(of: nodes) == nil)
        let made = [(node: nodes[0], czxid: Int64(80)), (node: nodes[1], czxid: 70)]
        #expect(Self.ahead(Queue.view(of: made, own: [nodes[0]])) == [nodes[1]])
        #expect(Self.ahead(Queue.view(of: made, own: [nodes[1]])) == [])
    }

    @Test func `A million before the end of the counter the numbers still tell`() {
        let nodes = [Self.node("b", .max - 1_000_000), Self.node("a", 5)]
        #expect(Self.ahead(Queue.view(of: nodes, own: [nodes[0]])) == [nodes[1]])
    }

    @Test func `A number that repeats itself at the end of the counter`() {
        let nodes = ["c", "a", "b"].map { Self.node($0, .max) }
        let made = zip(nodes, [Int64(30), 10, 20]).map { (node: $0, czxid: $1) }
        #expect(Queue.view(of: nodes, own: [nodes[0]]) == .ambiguous(nodes))
        #expect(Self.ahead(Queue.view(of: made, own: [nodes[0]])) == [nodes[1], nodes[2]])
        #expect(Self.ahead(Queue.view(of: made, own: [nodes[1]])) == [])
    }

    @Test func `Whoever has our number is put in order with us by the transactions`() {
        let nodes = [Self.node("a", 6), Self.node("b", 6), Self.node("c", 5)]
        guard case .ambiguous = Queue.view(of: nodes, own: [nodes[0]]) else { Issue.record("not ambiguous"); return }
        let made = zip(nodes, [Int64(30), 20, 40]).map { (node: $0, czxid: $1) }
        #expect(Self.ahead(Queue.view(of: made, own: [nodes[0]])) == [nodes[2], nodes[1]])
        #expect(Self.ahead(Queue.view(of: made, own: [nodes[1]])) == [nodes[2]])
    }

    /// Curator's writer makes the node of a reader with its own number before it gives up the writer's.
    @Test func `A writer that becomes a reader stays before those who wait`() {
        let (writer, own, reader) = ("w-__WRIT__0000000005", Self.node("a", 6), "w-__READ__0000000005")
        #expect(Set(Self.ahead(Queue.view(of: [reader, own, writer], own: [own])) ?? []) == [writer, reader])
        #expect(Self.ahead(Queue.view(of: [reader, own], own: [own])) == [reader])
        let made = [(node: own, czxid: Int64(60)), (node: reader, czxid: 70)]
        #expect(Self.ahead(Queue.view(of: made, own: [own])) == [reader])
    }

    @Test func `How many wait before us: the holder does not, and a claim counts once`() {
        let claim = [
            "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock-0000000003",
            "b3345f9894234e0ca7b59f819e3ec2e1__lock__0000000004",
        ]
        #expect(Queue(ahead: []).waitersAhead == 0)
        #expect(Queue(ahead: claim).waitersAhead == 0)
        #expect(Queue(ahead: ["x-1-0000000001"] + claim).waitersAhead == 1)
        #expect(Queue(ahead: claim + ["x-1-0000000005", "x-2-0000000006"]).waitersAhead == 2)
    }

    @Test func `In whatever order the nodes are listed, all see the same queue, and one is the first`() {
        for seed in 0..<300 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...12, using: &random)
            let start: Int32 = [0, 5, .max - 1_000_003, .max - 4].randomElement(using: &random) ?? 0
            // Across the end of the counter, which turns negative there.
            let nodes = (0..<count).map { Self.node("n", start &+ Int32($0)) }
            let made = nodes.enumerated().map { (node: $1, czxid: Int64($0)) }.shuffled(using: &random)
            for (index, own) in nodes.enumerated() {
                var view = Queue.view(of: nodes.shuffled(using: &random), own: [own])
                if case .ambiguous(let asked) = view {
                    #expect(Set(asked) == Set(nodes))
                    view = Queue.view(of: made, own: [own])
                }
                #expect(Self.ahead(view) == Array(nodes[..<index]), "seed \(seed)")
            }
        }
    }
}
