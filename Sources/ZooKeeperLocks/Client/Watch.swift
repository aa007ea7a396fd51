/// Somebody who wants to know what happens to a node.
final class Watch: Sendable {
    /// What is called, on the event loop and in the order in which answers and events arrive; it must not block. `nil` says
    /// that the session is over, and the watch with it.
    let notify: @Sendable (WatchEvent?) -> Void

    /// Makes one, to be given to a request.
    init(_ notify: @escaping @Sendable (WatchEvent?) -> Void) {
        self.notify = notify
    }
}

extension Watch: Hashable {
    /// Each is its own.
    static func == (lhs: Watch, rhs: Watch) -> Bool { lhs === rhs }

    /// By identity.
    func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
