import Testing

@testable import RedisLocks

@Suite("The scripts")
struct ScriptTests {
    @Test("their constants are what a server makes of them", arguments: ServerKind.allCases)
    func digests(_ kind: ServerKind) async throws {
        try await TestRedisServer.with(kind) { server in
            for script in Script.all {
                let digest = try await server.command(["SCRIPT", "LOAD", script.source])
                #expect(digest.text == script.sha1, "\(script.name): sha1 must be \(digest.text ?? "?")")
            }
        }
    }

    @Test("the part that they share is in them, once")
    func includes() {
        for script in Script.all {
            #expect(!script.source.contains("@include"), "\(script.name)")
            let parts = script.source.split(separator: "local function hand_over()", omittingEmptySubsequences: false)
            let expected = ["renew", "status"].contains(script.name) ? 0 : 1
            #expect(parts.count - 1 == expected, "\(script.name)")
        }
        #expect(Set(Script.all.map(\.name)).count == 6)
        #expect(Set(Script.all.map(\.sha1)).count == 6)
    }

    @Test("a script that the server does not know is sent whole")
    func commands() {
        let known = Script.release.command(keys: 2, isKnown: true)
        #expect("\(known)" == "EVALSHA" && known.count == 3)
        let unknown = Script.release.command(keys: 2, isKnown: false)
        #expect("\(unknown)" == "EVAL" && unknown.count == 3)
    }
}
