import Synchronization
import TestSupport

/// What a ``ZooKeeperProxy`` does to a certain request. It is armed as long as the proxy runs, and fires once, if not told
/// otherwise.
final class ZooKeeperProxyRule: Sendable {
    enum Action: Sendable {
        /// The server never gets the request, and the connection is cut. Replies to earlier requests get through.
        case swallow
        /// The server carries the request out; when its reply comes, the connection is cut instead of passing it on.
        case cutBeforeReply
        /// The server carries the request out; the reply, and all that comes after it on the connection, waits for
        /// ``ZooKeeperProxyRule/letGo()``.
        case holdReply
        /// The request, and all that comes after it on the connection, waits for ``ZooKeeperProxyRule/letGo()`` before it
        /// is delivered, even if the client is gone by then.
        case holdRequest
        /// The request is delivered, and the connection is cut behind it at once; no reply gets through any more.
        case cutAfterRequest
        /// Only so many bytes of the reply get through; then the connection is cut.
        case cutReply(after: Int)
        /// The reply is replaced. It is not called for the end of a connection.
        case changeReply(@Sendable (ZooKeeperFrame) -> ZooKeeperFrame)

        /// For handshakes: the server's answer has another session in it, as some servers do that are not ZooKeeper.
        static func answerSession(_ session: Int64) -> Action {
            .changeReply { $0.replacing(longAt: 8, with: session) }
        }
    }

    private struct State {
        var seen = 0
        var fired = 0
        var isLetGo = false
    }

    let action: Action
    private let matches: @Sendable (ProxiedRequest) -> Bool
    private let range: Range<Int>
    private let state = Mutex(State())

    init(_ action: Action, _ range: Range<Int>, _ matches: @escaping @Sendable (ProxiedRequest) -> Bool) {
        self.action = action
        self.range = range
        self.matches = matches
    }

    /// Whether a request is the one (or one of those) that this is about; counts those that match.
    func applies(to request: ProxiedRequest) -> Bool {
        guard matches(request) else { return false }
        return state.withLock { state in
            state.seen += 1
            return range.contains(state.seen)
        }
    }

    func fire() {
        state.withLock { $0.fired += 1 }
    }

    var isLetGo: Bool { state.withLock { $0.isLetGo } }

    /// How often it has done its work: the connection has been cut, or something has been held back or changed.
    var count: Int { state.withLock { $0.fired } }

    /// Waits until it has done its work. For ``Action/cutBeforeReply`` and ``Action/holdReply``, the server has then
    /// carried the request out.
    func happened() async throws {
        try await waitUntil("a request for the rule \(action)") { count > 0 }
    }

    /// Lets what is held back go on.
    func letGo() {
        state.withLock { $0.isLetGo = true }
    }
}
