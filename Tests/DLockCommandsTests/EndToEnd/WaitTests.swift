import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("dlock wait", .timeLimit(.minutes(2))) struct WaitTests {
    private let tool: CommandLineTool

    init() throws {
        tool = try CommandLineTool()
    }

    @Test func `A lock that nobody holds is not waited for, nor taken, nor is its folder made`() async throws {
        let finished = try await tool.run("wait", "x")
        #expect(finished.exitCode == 0)
        #expect(finished.output == "" && finished.errors == "")
        #expect(!FileManager.default.fileExists(atPath: tool.store))
    }

    @Test func `It ends when the lock is free, and has not been in the queue`() async throws {
        let holder = try tool.hold("x", "--label", "me")
        try await tool.waitUntil("x", holders: 1)
        let waiter = try tool.start("wait", "x")
        try await waiter.waitForErrors("dlock: waiting for \"x\": held by ")
        #expect(waiter.errors.contains("(pid \(holder.processID), me)"))
        #expect(try await tool.status("x").waiters.isEmpty)
        holder.send()
        #expect(try await waiter.finished().exitCode == 0)
        #expect(try await tool.run("run", "-n", "x", "true").exitCode == 0)
    }

    @Test func `75 when the time is over, or another code`() async throws {
        let holder = try tool.hold("x", "--label", "me")
        try await tool.waitUntil("x", holders: 1)
        let late = try await tool.run("wait", "-w", "200ms", "x")
        #expect(late.exitCode == 75)
        #expect(late.errors.contains("dlock: timed out after 200 ms waiting for \"x\": held by "))
        let busy = try await tool.run("wait", "--no-wait", "x")
        #expect(busy.exitCode == 75)
        #expect(busy.errors.contains("dlock: \"x\" is busy: held by "))
        let quiet = try await tool.run("wait", "-q", "-n", "-E", "0", "x")
        #expect(quiet.exitCode == 0)
        #expect(quiet.errors == "")
        holder.send()
        _ = try await holder.finished()
    }

    @Test(arguments: [SIGTERM, SIGINT]) func `A signal ends it`(_ signal: Int32) async throws {
        let holder = try tool.hold("x")
        try await tool.waitUntil("x", holders: 1)
        let waiter = try tool.start("wait", "x")
        try await waiter.waitForErrors("waiting for")
        waiter.signal(signal)
        #expect(try await waiter.finished().exitCode == 128 + signal)
        holder.send()
        _ = try await holder.finished()
    }
}
