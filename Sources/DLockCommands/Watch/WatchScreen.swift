import DistributedLocks

/// The live picture of `dlock watch` on a terminal: drawn over itself at every look.
struct WatchScreen {
    private let style = Style(forTerminal: true)

    /// Clears the terminal and shows the present state.
    ///
    /// - Parameters:
    ///   - names: What is locked, as it was seen last.
    ///   - outage: Why nothing newer is known.
    func show(_ names: [LockStatus], outage: LockError? = nil) {
        let text = StatusText(style: style, now: WallClock.system.now)
        var lines = names.isEmpty ? [style.dim("nothing is locked")] : names.flatMap(text.lines)
        if let outage {
            lines.insert(
                style.red("\(printable(outage.description)); trying again, this is what was seen last:"),
                at: 0
            )
        }
        Console.output("\u{1B}[H\u{1B}[2J" + lines.joined(separator: "\n") + "\n")
    }
}
