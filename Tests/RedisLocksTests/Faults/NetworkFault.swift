import DistributedLocks

@testable import RedisLocks

/// What can happen to one request and its reply.
enum NetworkFault: CaseIterable {
    /// The server does what was asked, and the connection ends before its reply.
    case replyLost
    /// The connection ends before the server has seen the request.
    case requestLost
    /// The server does what was asked, and its reply comes after the request timeout.
    case replyLate

    /// How long requests may take in a scene with this fault.
    var requestTimeout: Duration { self == .replyLate ? FaultScene.shortTimeout : .seconds(5) }

    private var action: ProxyRule.Action {
        switch self {
        case .replyLost: .cutBeforeReply
        case .requestLost: .swallow
        case .replyLate: .holdReply
        }
    }

    /// Lets it happen to the first command that matches.
    ///
    /// - Parameters:
    ///   - scene: Where.
    ///   - matches: Which command.
    ///   - body: What sends that command.
    /// - Returns: What became of the body; it is awaited after a reply that is late has been let go.
    /// - Throws: If there is no such command.
    func strike<Value: Sendable>(
        in scene: FaultScene,
        _ matches: @escaping @Sendable (ProxiedCommand) -> Bool,
        during body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, any Error> {
        let rule = scene.proxy.when(action, matches)
        let task = Task { try await body() }
        try await rule.happened()
        if self == .replyLate {
            try await Task.sleep(for: FaultScene.shortTimeout * 5 / 4)
            rule.letGo()
        }
        return await task.result
    }
}

extension Result {
    /// The error, as one for users.
    var lockError: LockError? {
        if case .failure(let error) = self { error as? LockError } else { nil }
    }
}
