import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct ContenderNameTests {
    @Test(
        arguments: [
            ("_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock-0000000007", 7),
            ("_c_53345f9894234e0ca7b59f819e3ec2e1-lock-0000000007", 7),
            ("_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-__READ__0000000012", 12),
            ("_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-__WRIT__0000000012", 12),
            ("d3345f9894234e0ca7b59f819e3ec2e1__lock__0000000000", 0),
            ("d3345f9894234e0ca7b59f819e3ec2e1__rlock__2147483647", Int32.max),
            ("x-93645123456-0000000003", 3), ("x-0000000003", 3), ("lock-0000000005", 5),
        ]
    )
    func `The number of a contender`(_ node: String, _ number: Int32) throws {
        let name = try #require(ContenderName(node))
        #expect(name.node == node && name.sequence == number)
    }

    @Test(
        arguments: [
            ("_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock--2147483648", Int32.min),
            ("_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock--000000001", -1),
            ("d3345f9894234e0ca7b59f819e3ec2e1__lock__-2147483647", -2_147_483_647),
            ("_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-__WRIT__-000000012", -12), ("x-7--000000012", -12),
        ]
    )
    func `A number that has become negative`(_ node: String, _ number: Int32) throws {
        #expect(try #require(ContenderName(node)).sequence == number)
    }

    @Test(arguments: [
        "", "-", "7", "lock", "lock-", "0000000007", "__lock__", "x-", "x-a", "xlock0000000007", "LOCK-0000000007",
        "leases", "locks", "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lease-0000000007",
        "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-latch-0000000007", "lock-0000000007x", "lock-0000000007-",
        "lock-9999999999", "lock--9999999999", "lock-٠٠٠٠٠٠٠٠٠٧", "lock-１２３", "y-12-0000000007", "x-120000000007x",
        "x_12_0000000007", "__lock__+000000007", "lock-00000\u{301}",
    ])
    func `What is no contender`(_ node: String) {
        #expect(ContenderName(node) == nil)
    }

    @Test func `Leading zeros do not matter, and neither does what the name begins with`() {
        for front in ["", "é🙂", "lock-1-", "__lock__2-", String(repeating: "a", count: 5_000)] {
            #expect(ContenderName("\(front)lock-0000000000000000000000000021")?.sequence == 21)
            #expect(ContenderName("\(front)__lock__21")?.sequence == 21)
        }
    }

    @Test(arguments: [ZooKeeperNaming.curator, .kazoo, .both])
    func `Every name of ours is a contender, and the nodes of a claim have something in common`(
        _ naming: ZooKeeperNaming
    ) {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let owner = OwnerID(high: random.next(), low: random.next())
            let number = Int32(truncatingIfNeeded: random.next())
            let nodes = NodeNames(owner, naming: naming).prefixes.map { "\($0)\(text(number))" }
            let names = nodes.compactMap { ContenderName($0) }
            #expect(names.map(\.node) == nodes && names.allSatisfy { $0.sequence == number })
            #expect(Set(names.map(\.claim)).count == 1)
        }
    }

    @Test func `Claims of others are told apart`() {
        let nodes = [
            "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e1-lock-0000000001",
            "_c_53345f98-9423-4e0c-a7b5-9f819e3ec2e2-lock-0000000002",
            "d3345f9894234e0ca7b59f819e3ec2ff__lock__0000000003", "x-1-0000000004", "x-2-0000000004", "lock-0000000005",
            "_c_lock-0000000006", "_c_53345f98-9423-4e0c-a7b5-lock-0000000007", "a__lock__0000000008",
        ]
        #expect(Set(nodes.compactMap { ContenderName($0)?.claim }).count == nodes.count)
    }

    @Test func `Names that nobody writes are no danger`() {
        var random = SeededGenerator(seed: 2)
        let pieces = [
            "lock-", "__lock__", "x-", "-", "--", "_", "0", "9", "2147483648", "_c_", "é", "🙂", "\u{301}", "/", "\0",
        ]
        for _ in 0..<20_000 {
            let node = (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces.randomElement(using: &random) ?? ""
            }.joined()
            guard let name = ContenderName(node) else { continue }
            #expect(name.node.utf8.elementsEqual(node.utf8) && !name.claim.isEmpty)
            #expect(node.hasSuffix(String(name.sequence.magnitude)))
        }
    }

    /// As a server writes it: ten places, the sign included.
    private func text(_ number: Int32) -> String {
        let digits = String(number.magnitude)
        let places = number < 0 ? 9 : 10
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, places - digits.count)) + digits
    }
}
