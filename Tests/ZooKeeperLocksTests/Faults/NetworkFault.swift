import DistributedLocks
import TestSupport

@testable import ZooKeeperLocks

/// What can happen to one request and its reply.
enum NetworkFault: CaseIterable {
    /// The server does what was asked, and the connection ends before its reply.
    case replyLost
    /// The connection ends in the middle of the reply.
    case replyTorn
    /// The connection ends before the server has seen the request.
    case requestLost
    /// The connection ends while the request is on its way, which the server gets.
    case cutBehind
    /// The server does what was asked, and its reply comes after the request timeout.
    case replyLate
    /// The server gets the request after the request timeout.
    case requestLate

    /// Whether it is over after the request timeout.
    var isLate: Bool { self == .replyLate || self == .requestLate }

    /// How the clients of a scene with this fault are made.
    func options(_ naming: ZooKeeperNaming = .curator) -> FaultScene.Options {
        var options = FaultScene.Options(naming: naming)
        if isLate { options.requestTimeout = FaultScene.shortTimeout }
        return options
    }

    private var action: ZooKeeperProxyRule.Action {
        switch self {
        case .replyLost: .cutBeforeReply
        case .replyTorn: .cutReply(after: 11)
        case .requestLost: .swallow
        case .cutBehind: .cutAfterRequest
        case .replyLate: .holdReply
        case .requestLate: .holdRequest
        }
    }

    /// Lets it happen to the first request that matches.
    ///
    /// - Parameters:
    ///   - operation: What it asks for.
    ///   - scene: Where.
    ///   - time: How late it is, if it is late; somewhat more than the request timeout if `nil`.
    ///   - matches: What else has to hold.
    ///   - body: What sends that request.
    /// - Returns: What became of the body; it is awaited after what is late has been let go.
    /// - Throws: If there is no such request.
    func strike<Value: Sendable>(
        _ operation: ZooKeeperOperation,
        in scene: FaultScene,
        lateBy time: Duration? = nil,
        where matches: @escaping @Sendable (ProxiedRequest) -> Bool = { _ in true },
        during body: @escaping @Sendable () async throws -> Value
    ) async throws -> Result<Value, any Error> {
        let rule = scene.proxy.when(operation, action, where: matches)
        let task = Task { try await body() }
        try await rule.happened()
        if isLate {
            try await Task.sleep(for: time ?? FaultScene.shortTimeout * 5 / 4)
            rule.letGo()
        }
        return await task.result
    }
}
