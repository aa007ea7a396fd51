import DistributedLocks

/// The live picture of `dlock watch` on a terminal: drawn over itself at every look.
struct WatchScreen {
    private let style = Style(forTerminal: true)

    /// Clears the terminal and shows the present state.
    func show(_ names: [LockStatus]) {
        let text = StatusText(style: style, now: WallClock.system.now)
        let lines = names.isEmpty ? [style.dim("nothing is locked")] : names.flatMap(text.lines)
        Console.output("\u{1B}[H\u{1B}[2J" + lines.joined(separator: "\n") + "\n")
    }
}
