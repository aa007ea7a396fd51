import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct ZooKeeperPathTests {
    @Test func `A chroot is a path that servers accept`() throws {
        for path in ["", "/a", "/a/b", "/a b", "/ü", "/a/zookeeper", "/zookeeper1", "/...", "/.a", "/\u{20AC}", "/a:b"]
        {
            try ZooKeeperPath.validate(chroot: path)
        }
        for path in [
            "/", "a", "a/b", "/a/", "//a", "/a//b", "/.", "/..", "/a/.", "/a/../b", "/a\u{0}", "/zookeeper",
            "/zookeeper/a", "/\u{1F512}", String(repeating: "/a", count: 513),
        ] {
            #expect(throws: LockError.self, "\(path)") { try ZooKeeperPath.validate(chroot: path) }
        }
    }

    @Test(
        arguments: [
            (0x20, true), (0x00, false), (0x01, false), (0x1F, false), (0x7E, true), (0x7F, false), (0x9F, false),
            (0xA0, true), (0xD7FF, true), (0xE000, false), (0xF8FF, false), (0xF900, true), (0xFFEF, true),
            (0xFFF0, false),
            (0xFFFD, false), (0x10000, false), (0x2F, false),
        ] as [(UInt32, Bool)]
    )
    func `Some signs are refused by servers, and one is a separator`(_ value: UInt32, _ isAllowed: Bool) throws {
        let sign = try #require(Unicode.Scalar(value))
        #expect(ZooKeeperPath.isComponent("a\(Character(sign))") == isAllowed)
    }

    @Test func `Dots alone are no name`() {
        for name in ["", ".", ".."] { #expect(!ZooKeeperPath.isComponent(name)) }
        for name in ["...", ".a", "a."] { #expect(ZooKeeperPath.isComponent(name)) }
    }
}
