import Foundation
import Testing

/// What a command, and a `dlock` in it, finds.
@Suite(.timeLimit(.minutes(2))) struct InnerCommandTests {
    @Test func `A dlock in the command means what it would mean alone`() async throws {
        let (outer, inner) = (try CommandLineTool(), try CommandLineTool())
        let script = """
            dlock run --store '\(outer.store)' x -- sh -c 'echo $DLOCK_STORE $DLOCK_HELD_STORE; dlock run x -c "echo \\$DLOCK_HELD_STORE"'
            """
        let finished = try await inner.shell(script)
        #expect(
            finished.output == "\(inner.store) file://\(outer.store)\nfile://\(inner.store)\n"
        )
        #expect(finished.errors == "")
        let none = try await inner.shell(
            "unset DLOCK_STORE; dlock run --store '\(outer.store)' x -- sh -c 'echo ${DLOCK_STORE-unset}'"
        )
        #expect(none.output == "unset\n")
    }

    @Test func `The password for the store is not passed on, in whatever variable it was`() async throws {
        try await RedisServer.with(password: "sesame") { server in
            let tool = try CommandLineTool()
            let plain = try await tool.run(
                "run",
                "--store",
                server.url,
                "x",
                "--",
                "env",
                environment: ["DLOCK_REDIS_PASSWORD": "sesame", "DLOCK_ZOOKEEPER_PASSWORD": "other"]
            )
            #expect(plain.exitCode == 0, "\(plain.errors)")
            #expect(!plain.output.contains("sesame"))
            #expect(plain.output.contains("DLOCK_ZOOKEEPER_PASSWORD=other"))
            let url = "redis://:sesame@127.0.0.1:\(server.port)"
            let written = try await tool.run("run", "x", "--", "env", environment: ["DLOCK_STORE": url])
            #expect(written.exitCode == 0, "\(written.errors)")
            #expect(!written.output.contains("sesame"))
            #expect(written.output.contains("DLOCK_STORE=\(server.url)"))
            let file = tool.store
            let other = try await tool.run(
                "run",
                "--store",
                file,
                "x",
                "--",
                "env",
                environment: ["DLOCK_REDIS_PASSWORD": "sesame"]
            )
            #expect(other.output.contains("DLOCK_REDIS_PASSWORD=sesame"))
        }
    }

    @Test func `Who waits is told once for whom, where nobody sees a live line`() async throws {
        let tool = try CommandLineTool()
        let holder = try tool.hold("x", "--label", "me")
        try await tool.waitUntil("x", holders: 1)
        let waiter = try tool.start("run", "x", "--", "true")
        let quiet = try tool.start("run", "-q", "x", "--", "true")
        try await waiter.waitForErrors("\n")
        try await tool.waitUntil("x", waiters: 2)
        holder.send()
        let line = try await waiter.finished().errors
        #expect(line.hasPrefix("dlock: waiting for \"x\": held by "))
        #expect(line.contains("(pid \(holder.processID), me)"))
        #expect(line.split(separator: "\n").count == 1)
        #expect(try await quiet.finished().errors == "")
    }
}
