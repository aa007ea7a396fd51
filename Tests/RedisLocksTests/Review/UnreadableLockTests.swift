import DistributedLocks
import Testing

@testable import RedisLocks

@Suite("A user who may set locks and not read them")
struct UnreadableLockTests {
    @Test("is told so, rather than that there was nothing to give back")
    func release() async throws {
        let options = TestRedisServer.Options(
            password: "admin",
            user: "admin",
            accessRules: [
                "user default off", "user admin on >admin ~* &* +@all", "user alice on >secret ~* &* +@all -get",
            ]
        )
        try await TestRedisServer.with(.redis7, options) { server in
            let store = try FaultScene.makeStore(port: server.port) {
                $0.credentials = RedisCredentials(user: "alice", password: "secret")
            }
            let request = try FaultScene.request(.none)
            guard case .granted = try await store.acquire(request) else {
                Issue.record("it is free")
                return
            }
            #expect(await LockError.thrown(by: { try await store.release(request.claim) })?.kind == "denied")
            await store.close()
        }
    }
}
