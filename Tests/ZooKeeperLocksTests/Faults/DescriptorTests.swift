import DistributedLocks
import Glibc
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// What other programs have of a connection.
@Suite(.timeLimit(.minutes(3))) struct DescriptorTests {
    @Test func `A program that is started inherits nothing of ours`() async throws {
        let server = try await SharedZooKeeper.server()
        let root = SharedZooKeeper.freshPath()
        let probe = try await ProbeProcess("zookeeper://127.0.0.1:\(server.port)\(root)")
        probe.send("acquire a job")
        _ = try await probe.granted("a")
        probe.send("run ls -l /proc/self/fd")
        #expect(try await probe.expect("ran ") == ["0"])
        let lines = probe.lines("").map { $0.joined(separator: " ") }
        try #require(lines.contains { $0.contains(" 1 -> ") }, "it lists descriptors")
        #expect(Descriptors.listed(lines).isEmpty)
    }

    @Test func `A closed store has shut its connection down, also if a child has a copy of it`() async throws {
        let port = try Descriptors.freePort()
        let listener = try Descriptors.listen(port)
        defer { close(listener) }
        // Nobody gives up because of a peer that says nothing.
        let options = FaultScene.Options(session: .seconds(600), requestTimeout: .seconds(120))
        let store = try FaultScene.makeStore(port: port, "/a", options)
        let request = Task { try await store.status(of: LockName("a")) }
        let peer = try await blocking { accept(listener, nil, nil) }
        defer { close(peer) }
        try await waitUntil("a connected socket") { Descriptors.connected(to: port).count == 1 }
        let copied = try #require(Descriptors.connected(to: port).first)
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(nothing) }
        let child = try ChildProgram(["sleep", "60"], input: copied, output: nothing, errors: nothing)
        #expect(!Descriptors.hasEnded(peer))
        await store.close()
        try await waitUntil("the end of the connection") { Descriptors.hasEnded(peer) }
        #expect(child.isRunning)
        _ = await request.result
        try await blocking { child.end(.now) }
    }
}
