import DistributedLocks
import Foundation
import TestSupport
import Testing

@testable import RedisLocks

@Suite("Servers that let us in not at all, or not everywhere")
struct DeniedTests {
    /// What a user of a server with access rules is told who wants a lock.
    private func refusal(
        _ options: TestRedisServer.Options,
        _ credentials: RedisCredentials?
    ) async throws -> LockError? {
        try await TestRedisServer.with(.redis7, options) { server in
            let store = try FaultScene.makeStore(port: server.port) {
                $0.credentials = credentials
                $0.requestTimeout = .seconds(5)
                $0.connectTimeout = .seconds(5)
            }
            let error = await #expect(throws: LockError.self) {
                _ = try await store.acquire(FaultScene.request(.none))
            }
            #expect(try await server.remainsOfLocks().isEmpty)
            await store.close()
            return error
        }
    }

    /// Rules for `alice`, whose password is `secret`, and an administrator.
    private static func rules(_ alice: String) -> TestRedisServer.Options {
        TestRedisServer.Options(
            password: "admin",
            user: "admin",
            accessRules: ["user default off", "user admin on >admin ~* &* +@all", "user alice on >secret \(alice)"]
        )
    }

    private static let alice = RedisCredentials(user: "alice", password: "secret")

    @Test("a server that wants a password")
    func noPassword() async throws {
        let error = try await refusal(.init(password: "secret"), nil)
        guard case .denied(_, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("user or password") && reason.contains("password-file"))
    }

    @Test("a wrong password, or a wrong name", arguments: [(nil, "letmein"), ("alice", "secret")])
    func wrongPassword(_ user: String?, _ password: String) async throws {
        let error = try await refusal(.init(password: "secret"), RedisCredentials(user: user, password: password))
        guard case .denied(_, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("password is wrong") && !reason.contains(password))
    }

    @Test(
        "a user without a right, and which",
        arguments: [
            ("~* &* +@all -evalsha -eval", "evalsha"), ("~* &* +@all -publish", "publish"),
            ("~* &* +@all -subscribe", "subscribe"), ("~* &other:* +@all", "channel"), ("~other:* &* +@all", "key"),
            ("~* &* +@all -set", "can't run this command"),
        ]
    )
    func missingRight(_ rules: String, _ word: String) async throws {
        let error = try await refusal(Self.rules(rules), Self.alice)
        guard case .denied(_, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains(word) && reason.contains("see the access rules"), "\(reason)")
    }

    /// The rights that the documentation recommends.
    private static func recommended() throws -> String {
        let text = try String(contentsOfFile: "\(PackageRoot.path)/docs/redis.md", encoding: .utf8)
        let start = "ACL SETUSER locks on >secret "
        let line = text.split(separator: "\n").first { $0.hasPrefix(start) }
        return String(try #require(line).dropFirst(start.count))
    }

    @Test("the rights that the documentation recommends are enough, also where the server does not tell of changes")
    func enough() async throws {
        for omission in ["", " +client|tracking +client|caching"] {
            let rules = try Self.recommended().replacingOccurrences(of: omission, with: "")
            try await TestRedisServer.with(.redis7, Self.rules(rules)) { server in
                let store = try FaultScene.makeStore(port: server.port) {
                    $0.credentials = Self.alice
                    $0.keyPrefix = "app:"
                    $0.requestTimeout = .seconds(5)
                    $0.connectTimeout = .seconds(5)
                }
                let service = FaultScene.makeService(store)
                let lease = try await service.lock(FaultScene.name).acquire()
                let waiter = Task { try await service.lock(FaultScene.name).acquire(timeout: .seconds(10)) }
                let keys = try LockKeys(LockName(FaultScene.name), prefix: "app:")
                try await waitUntil("a waiter") { try await server.command(["ZCARD", keys.queue]).number == 1 }
                #expect(try await service.list().map(\.name.text) == [FaultScene.name])
                #expect(await lease.release() == .released)
                let next = try await waiter.value
                #expect(next.fencingToken > lease.fencingToken)
                try await server.command(["DEL", keys.lock.text])
                // Where nobody tells of it, the next renewal notices.
                try await waitUntil("the loss") { next.state.lossReason == .removed }
                #expect(try await service.forceRelease(FaultScene.name).isEmpty)
                await service.close()
            }
        }
    }

    @Test("a right that is taken away while a lock is held and waited for, and given back")
    func takenAway() async throws {
        try await TestRedisServer.with(.redis7, Self.rules("~* &* +@all")) { server in
            let store = try FaultScene.makeStore(port: server.port) {
                $0.credentials = Self.alice
                $0.requestTimeout = .seconds(5)
                $0.connectTimeout = .seconds(5)
            }
            let service = FaultScene.makeService(store)
            let lease = try await service.lock(FaultScene.name).acquire()
            try await server.command(["ACL", "SETUSER", "alice", "-evalsha"])
            #expect(await LockError.thrown(by: { try await service.lock("b").acquire() })?.kind == "denied")
            // The lease ends here before it ends there.
            try await waitUntil("the loss") { lease.state.lossReason != nil }
            #expect(lease.state.lossReason == .expired)
            try await server.command(["ACL", "SETUSER", "alice", "+evalsha"])
            let next = try await service.lock(FaultScene.name).acquire(timeout: .seconds(10))
            #expect(next.fencingToken > lease.fencingToken)
            #expect(await next.release() == .released)
            try await waitUntil("an empty server") { try await server.remainsOfLocks().isEmpty }
            await service.close()
        }
    }
}

extension LockError {
    /// What a body throws, if it is one of these.
    static func thrown<Value>(by body: () async throws -> Value) async -> LockError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? LockError
        }
    }
}
