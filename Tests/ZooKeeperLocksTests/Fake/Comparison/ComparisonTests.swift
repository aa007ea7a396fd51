import Foundation
import TestSupport
import Testing

@testable import ZooKeeperLocks

/// The fake server behaves as the real one, wherever that can be seen. `DLOCK_SEEDS` says how many scripts are played, if it is
/// more than the usual number.
@Suite(.serialized) struct ComparisonTests {
    static let seeds: Int = {
        let asked = ProcessInfo.processInfo.environment["DLOCK_SEEDS"].flatMap(Int.init) ?? 0
        return max(asked / 100, 300)
    }()

    static let options = TestZooKeeperServer.Options(
        maxSessionTimeout: Int(Performance.timeout),
        // What the server does by itself would be a transaction.
        containerInterval: 1_000_000_000
    )
    static let fakeOptions = FakeOptions(longestTimeout: .milliseconds(Int(Performance.timeout)))

    @Test func `Random scripts look the same`() async throws {
        try await TestZooKeeperServer.with(Self.options) { server in
            let port = server.port
            for start in stride(from: 0, to: UInt64(Self.seeds), by: 20) {
                let differences = try await blocking {
                    try (start..<start + 20).compactMap { seed in
                        try Self.difference(Script(seed: seed), port).map { "seed \(seed), \($0)" }
                    }
                }
                #expect(differences.isEmpty)
            }
        }
    }

    @Test func `Scripts that a person has written look the same`() async throws {
        try await TestZooKeeperServer.with(Self.options) { server in
            let port = server.port
            for (name, script) in Script.written {
                let difference = try await blocking { try Self.difference(script, port) }
                #expect(difference == nil, "\(name)")
            }
        }
    }

    /// Plays a script to both.
    ///
    /// - Parameters:
    ///   - script: What to do.
    ///   - port: Where the real one is.
    /// - Returns: The first difference between what they say, if there is one.
    /// - Throws: What playing throws.
    static func difference(_ script: Script, _ port: Int) throws -> String? {
        let root = SharedZooKeeper.freshPath()
        let real = try Performance(script, on: RealEnsemble(port: port), below: root).lines
        let fake = try Performance(script, on: FakeEnsemble(FakeZooKeeper(fakeOptions)), below: root).lines
        let index = zip(real, fake).enumerated().first { $1.0 != $1.1 }?.offset ?? min(real.count, fake.count)
        guard index < max(real.count, fake.count) else { return nil }
        let step = real[..<min(index + 1, real.count)].last { $0.first?.isNumber == true } ?? ""
        return "\(step), real: \(real.dropFirst(index).prefix(3)), fake: \(fake.dropFirst(index).prefix(3))"
    }
}
