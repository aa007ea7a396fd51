import Foundation
import Testing

@Suite("dlock release", .timeLimit(.minutes(2))) struct ReleaseTests {
    private let tool: CommandLineTool

    init() throws {
        tool = try CommandLineTool()
    }

    @Test func `What nobody holds cannot be released, which is not a success`() async throws {
        let finished = try await tool.run("release", "--force", "typo")
        #expect(finished.exitCode == 1)
        #expect(finished.output == "")
        #expect(finished.errors == "dlock: \"typo\" was not held; 'dlock list' shows the names that are\n")
        let json = try await tool.run("release", "--force", "--json", "typo")
        #expect(json.exitCode == 1)
        #expect(json.output == "{\n  \"name\": \"typo\",\n  \"released\": []\n}\n")
    }

    @Test func `Without --force nothing happens`() async throws {
        let finished = try await tool.run("release", "x")
        #expect(finished.exitCode == 64)
        #expect(
            finished.errors.hasPrefix(
                "dlock: a lock is released by its holder; to take it away from them, add --force\n"
            )
        )
    }

    @Test func `Only from the holder that was seen, by its token`() async throws {
        let holder = try tool.start("run", "x", "--", "sleep", "60")
        try await tool.waitUntil("x", holders: 1)
        let token = try #require(try await tool.status("x").holders.first?.token)
        let another = try await tool.run("release", "--force", "--token", "\(token - 1)", "x")
        #expect(another.exitCode == 75)
        #expect(another.errors.contains("dlock: \"x\" was left alone: it is held by "))
        #expect(another.errors.contains("(pid \(holder.processID), sleep)"))
        #expect(try await tool.status("x").held)
        let meant = try await tool.run("release", "--force", "--token", "\(token)", "x")
        #expect(meant.exitCode == 0)
        #expect(meant.output.hasPrefix("took \"x\" from "))
        #expect(meant.output.contains("(pid \(holder.processID), sleep)"))
        #expect(try await holder.finished().exitCode == 80)
    }

    @Test func `Only from the holder that was seen, by its owner`() async throws {
        let holder = try tool.start("run", "x", "--", "sleep", "60")
        try await tool.waitUntil("x", holders: 1)
        let owner = try #require(try await tool.status("x").holders.first?.owner)
        let other = String(repeating: "0", count: 32)
        #expect(try await tool.run("release", "--force", "--owner", other, "x").exitCode == 75)
        #expect(try await tool.run("release", "--force", "--owner", owner, "x").exitCode == 0)
        #expect(try await holder.finished().exitCode == 80)
        let bad = try await tool.run("release", "--force", "--owner", "me", "x")
        #expect(bad.exitCode == 64)
        #expect(bad.errors.contains("an owner has 32 hexadecimal digits"))
    }
}
