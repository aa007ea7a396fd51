import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct ControlFrameTests {
    private func bytes(_ control: ControlFrame, below chroot: Chroot = Chroot()) -> [UInt8] {
        ByteBuffer { control.write(below: chroot, into: &$0) }.bytes
    }

    @Test func `A ping`() {
        #expect(bytes(.ping, below: Chroot("/a")) == frame("fffffffe 0000000b"))
    }

    @Test func `Credentials`() {
        let control = ControlFrame.auth(scheme: "digest", secret: Array("u:pw".utf8))
        #expect(bytes(control) == frame("fffffffc 00000064 00000000 (digest) (u:pw)"))
    }

    @Test func `Watches that are set again`() {
        let paths = WatchPaths(data: ["/a", "/b"], exists: ["/c"], children: ["/"])
        let expected = "fffffff8 00000065 0000000200000003 00000002 (/a) (/b) 00000001 (/c) 00000001"
        #expect(bytes(.setWatches(since: 0x2_0000_0003, paths)) == frame(expected + " (/)"))
        let below = expected.replacing("(/", with: "(/app/")
        #expect(bytes(.setWatches(since: 0x2_0000_0003, paths), below: Chroot("/app")) == frame(below + " (/app)"))
    }

    @Test func `Persistent watches are set again by another request`() {
        let paths = WatchPaths(children: ["/a"], persistentRecursive: ["/b"])
        let expected = "fffffff8 00000069 0000000000000001 00000000 00000000 00000001 (/a) 00000000 00000001 (/b)"
        #expect(bytes(.setWatches(since: 1, paths)) == frame(expected))
        let other = "fffffff8 00000069 0000000000000001 00000000 00000000 00000000 00000001 (/b) 00000000"
        #expect(bytes(.setWatches(since: 1, WatchPaths(persistent: ["/b"]))) == frame(other))
    }

    @Test func `No watches are no watches`() {
        #expect(WatchPaths().isEmpty && !WatchPaths().hasPersistent)
        for paths in [
            WatchPaths(data: ["/"]), WatchPaths(exists: ["/"]), WatchPaths(children: ["/"]),
            WatchPaths(persistent: ["/"]), WatchPaths(persistentRecursive: ["/"]),
        ] {
            #expect(!paths.isEmpty)
        }
    }
}
