import Synchronization
import TestSupport

/// What a ``FaultProxy`` does to a certain command. It is armed as long as the proxy runs, and fires once, if not told
/// otherwise.
final class ProxyRule: Sendable {
    enum Action: Sendable {
        /// The server never gets the command, and the connection is cut. Replies to earlier commands get through.
        case swallow
        /// The server carries the command out; when its reply comes, the connection is cut instead of passing it on.
        case cutBeforeReply
        /// The server carries the command out; the reply, and all that comes after it on the connection, waits for
        /// ``ProxyRule/letGo()``.
        case holdReply
        /// The command, and all that comes after it on the connection, waits for ``ProxyRule/letGo()`` before it is
        /// delivered, even if the client is gone by then.
        case holdRequest
    }

    private struct State {
        var seen = 0
        var fired = 0
        var isLetGo = false
    }

    let action: Action
    private let matches: @Sendable (ProxiedCommand) -> Bool
    private let range: Range<Int>
    private let state = Mutex(State())

    init(_ action: Action, _ range: Range<Int>, _ matches: @escaping @Sendable (ProxiedCommand) -> Bool) {
        self.action = action
        self.range = range
        self.matches = matches
    }

    /// Whether a command is the one (or one of those) that this is about; counts those that match.
    func applies(to command: ProxiedCommand) -> Bool {
        guard matches(command) else { return false }
        return state.withLock { state in
            state.seen += 1
            return range.contains(state.seen)
        }
    }

    func fire() {
        state.withLock { $0.fired += 1 }
    }

    var isLetGo: Bool { state.withLock { $0.isLetGo } }

    /// How often it has done its work: the connection has been cut, or the request or the reply has been held back.
    var count: Int { state.withLock { $0.fired } }

    /// Waits until it has done its work. For ``Action/cutBeforeReply`` and ``Action/holdReply``, the server has then
    /// carried the command out.
    func happened() async throws {
        try await waitUntil("a command for the rule \(action)") { count > 0 }
    }

    /// Lets what is held back go on.
    func letGo() {
        state.withLock { $0.isLetGo = true }
    }
}
