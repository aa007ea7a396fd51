import TestSupport
import Testing

extension TestRedisServer {
    /// How often a command was called, be it by clients or by scripts.
    func calls(_ command: String) async throws -> Int {
        let fields = try await info("cmdstat_\(command)") ?? ""
        return fields.split(separator: ",").first { $0.hasPrefix("calls=") }.flatMap { Int($0.dropFirst(6)) } ?? 0
    }

    /// How many wait for a lock.
    func waiterCount(_ name: String) async throws -> Int {
        try await command(["ZCARD", "{\(name)}:dlock:queue"]).number ?? 0
    }

    /// Waits until so many clients are connected, and listen: who does not is passed over when a lock is handed on.
    func waitForClients(_ count: Int) async throws {
        try await waitUntil("\(count) clients") {
            try await command(["PUBSUB", "CHANNELS", "dlock:*"]).items.count >= count
        }
    }

    /// Checks that nobody holds a lock and nobody waits for it.
    func expectFree(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let value = try await command(["GET", name])
        #expect(value == .null, "\(name) is free", sourceLocation: sourceLocation)
        #expect(try await waiterCount(name) == 0, "nobody waits for \(name)", sourceLocation: sourceLocation)
    }

    /// Checks that everything here goes away by itself.
    func expectNothingForEver(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for key in try await command(["KEYS", "*"]).items.compactMap(\.text) {
            let left = try await command(["PTTL", key]).number
            #expect(left != -1, "\(key) never goes away", sourceLocation: sourceLocation)
        }
    }
}
