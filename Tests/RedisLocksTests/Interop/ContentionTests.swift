import Foundation
import TestSupport
import Testing

@Suite("Contention with other people's clients", .timeLimit(.minutes(5)))
struct ContentionTests {
    /// How long the contests last. With fewer than about five, a client that looks once a second may never have a turn.
    private static var seconds: Double {
        ProcessInfo.processInfo.environment["DLOCK_INTEROP_SECONDS"].flatMap(Double.init) ?? 30
    }

    @Test("nobody ever holds what somebody else holds, and everybody gets turns")
    func contention() async throws {
        let contests = try PeerProcess.Program.allCases.map { try Contest($0) }
        let names = ["dlock-0", "dlock-1", "dlock-2"]
        try await TestRedisServer.with { server in
            try await OwnClients.with(2, on: server, ttl: .seconds(5)) { services in
                // All four at the same time, on four keys of one server.
                let peers = try contests.flatMap { try $0.peers(2, port: server.port, seconds: Self.seconds) }
                try await PeerProcess.begin(peers)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for contest in contests {
                        for (number, name) in names.enumerated() {
                            let service = services[number % services.count]
                            group.addTask { try await contest.takePart(service, as: name, seconds: Self.seconds) }
                        }
                    }
                    try await group.waitForAll()
                }
                for peer in peers { try await peer.finished() }
            }
        }
        for contest in contests { contest.check(names) }
    }
}
