/// Something that is going to happen, unless it is called off.
final class Ticket {
    private(set) var isCancelled = false

    /// It is not going to happen.
    func cancel() { isCancelled = true }
}

/// Something that a client does in several steps, and that can be called off in between.
final class Errand {
    private(set) var isCancelled = false
    /// What ends the step that is under way.
    var onCancel: (() -> Void)?

    func cancel() {
        guard !isCancelled else { return }
        isCancelled = true
        onCancel?()
    }
}
