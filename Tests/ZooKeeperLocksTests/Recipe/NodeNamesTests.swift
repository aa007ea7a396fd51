import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct NodeNamesTests {
    private static let owner = OwnerID(high: 0x3334_5f98_9423_4e0c, low: 0xa7b5_9f81_9e3e_c2e1)

    @Test func `As Curator names its nodes`() {
        let names = NodeNames(Self.owner, naming: .curator)
        #expect(names.prefixes == ["_c_33345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock-"])
    }

    @Test func `As kazoo names its nodes, and never with a digit first`() {
        #expect(NodeNames(Self.owner, naming: .kazoo).prefixes == ["d3345f9894234e0ca7b59f819e3ec2e1__lock__"])
        for digit in UInt64(0)..<16 {
            let name = NodeNames(OwnerID(high: digit << 60, low: 0), naming: .kazoo).prefixes[0]
            #expect(name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) } == true)
            #expect(name.utf8.count == 32 + "__lock__".utf8.count)
        }
    }

    @Test func `Both, Curator's first`() {
        let both = NodeNames(Self.owner, naming: .both).prefixes
        #expect(both == [ZooKeeperNaming.curator, .kazoo].flatMap { NodeNames(Self.owner, naming: $0).prefixes })
    }

    @Test func `A claim finds its own nodes, and no others`() {
        let other = OwnerID(high: Self.owner.high, low: Self.owner.low ^ 1)
        for naming in [ZooKeeperNaming.curator, .kazoo, .both] {
            let names = NodeNames(Self.owner, naming: naming)
            let own = names.prefixes.map { "\($0)0000000007" }
            let strangers = ["", "_c_", "lock-0000000001", "x-1-0000000001"]
            let others = NodeNames(other, naming: .both).prefixes.map { "\($0)0000000008" } + strangers
            #expect(names.own(among: others).isEmpty)
            #expect(names.own(among: (others + own).reversed()) == own)
        }
    }

    @Test func `All nodes of a claim are found, also those of an earlier attempt`() {
        let names = NodeNames(Self.owner, naming: .curator)
        let own = [3, 9].map { "\(names.prefixes[0])000000000\($0)" }
        #expect(Set(names.own(among: own + ["lock-0000000004"])) == Set(own))
    }

    @Test func `Different owners have different names`() {
        var random = SeededGenerator(seed: 3)
        let owners = (0..<500).map { _ in OwnerID(high: random.next(), low: random.next()) }
        let names = owners.flatMap { NodeNames($0, naming: .both).prefixes }
        #expect(Set(names).count == names.count)
    }
}
