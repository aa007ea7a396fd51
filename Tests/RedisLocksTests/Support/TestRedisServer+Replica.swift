import TestSupport

extension TestRedisServer {
    /// Runs a replica of this server, of the same kind, as long as the body runs.
    ///
    /// - Parameters:
    ///   - options: How to start it; its primary is this server.
    ///   - body: Gets the replica, which has all of this server's data.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or if the replica does not start or does not find this server.
    func withReplica<Value>(
        _ options: Options = Options(),
        _ body: (TestRedisServer) async throws -> Value
    ) async throws -> Value {
        var options = options
        options.primary = self
        return try await Self.with(kind, options) { replica in
            try await replica.waitForPrimary()
            return try await body(replica)
        }
    }

    /// Waits until this replica is connected to its primary, and has had all its data once.
    func waitForPrimary() async throws {
        try await waitUntil("the replica's link", details: { "; its log:\n\(log)" }) {
            try await info("master_link_status") == "up"
        }
    }

    /// Waits until this replica has everything that the primary has written until now.
    func waitUntilCaughtUp(with primary: TestRedisServer) async throws {
        let offset = try await primary.info("master_repl_offset").flatMap { Int($0) } ?? 0
        try await waitUntil("the replica at offset \(offset)", details: { "; its log:\n\(log)" }) {
            try await info("slave_repl_offset").flatMap { Int($0) } ?? -1 >= offset
        }
    }

    /// Makes a primary of this replica.
    func promote() async throws {
        let reply = try await command(["REPLICAOF", "NO", "ONE"])
        guard reply == .status("OK") else { throw Failure(description: "REPLICAOF NO ONE: \(reply)") }
    }
}
