import DistributedLocks
import Synchronization

/// What people read while `dlock` waits: `waiting for "backup": held by web-3 (pid 8123) for 12 s, 2 ahead of you`. On a terminal
/// the line is kept up to date until the waiting is over; elsewhere it is written once.
struct WaitingLine: Sendable {
    let name: LockName
    let isEnabled: Bool
    var clock = LeaseClock.continuous

    /// Runs `work`, and shows the line from the moment when it has to wait until it ends.
    func whileWaiting<Value: Sendable>(
        status: @escaping @Sendable (LockName) async throws -> LockStatus,
        _ work: (@escaping @Sendable (Contention) -> Void) async throws -> Value
    ) async throws -> Value {
        guard isEnabled else { return try await work { _ in } }
        guard Console.errorIsTerminal, Style.terminalUnderstandsEscapes else {
            return try await work { contention in
                let text = text(contention, now: WallClock.system.now, style: Style(forTerminal: false))
                Console.error(text)
            }
        }
        let ticker = Mutex<Task<Void, Never>?>(nil)
        defer {
            if let task = ticker.withLock({ $0.take() }) {
                task.cancel()
                if Console.errorTerminalIsOurs { Console.write("\r\u{1B}[K", to: 2) }
            }
        }
        return try await work { contention in
            show(contention)
            ticker.withLock { $0 = Task { await keepUpToDate(status) } }
        }
    }

    /// The text for who is in the way now.
    func text(_ contention: Contention, now: UnixTime, style: Style) -> String {
        let text = StatusText(style: style, now: now)
        var parts: [String] = []
        if let first = contention.holders.first {
            let more = contention.holders.count > 1 ? " and \(contention.holders.count - 1) more" : ""
            parts.append("held by \(text.holder(first))\(more)")
        }
        if let ahead = contention.ahead, ahead > 0 { parts.append("\(ahead) ahead of you") }
        let name = style.bold("\"\(printable(name.text))\"")
        return "waiting for \(name)" + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", "))
    }

    private func keepUpToDate(_ status: @Sendable (LockName) async throws -> LockStatus) async {
        let me = Holder.currentProcess
        while (try? await clock.sleep(for: .seconds(1))) != nil {
            guard let status = try? await status(name), !Task.isCancelled else { continue }
            let place = status.waiters.firstIndex { waiter in
                waiter.holder.host == me.host && waiter.holder.processID == me.processID
            }
            show(Contention(holders: status.holders.map(\.holder), ahead: place))
        }
    }

    /// Draws the line over itself; not while another job has the terminal.
    private func show(_ contention: Contention) {
        guard Console.errorTerminalIsOurs else { return }
        let text = text(contention, now: WallClock.system.now, style: Style(forTerminal: true))
        // Without wrapping: what does not fit is cut by the terminal, which knows how wide each character is.
        Console.write("\r\u{1B}[K\u{1B}[?7ldlock: \(text)\u{1B}[?7h", to: 2)
    }
}
