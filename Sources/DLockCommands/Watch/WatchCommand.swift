import ArgumentParser
import DistributedLocks

/// `dlock watch`.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show, live, who takes and gives back which lock.",
        discussion: """
            On a terminal the present state is shown and kept up to date; in a pipe, in the background, and with --json, each \
            change is one line. Looks at the store every --interval: what begins and ends in between is not seen. Ends with \
            Ctrl-C. An outage of the store is shown, and does not end it.
            """
    )

    @OptionGroup var store: StoreOptions
    @Argument(help: "Only this name.")
    var name: String?
    @Option(help: ArgumentHelp("How often to look.", valueName: "duration"), transform: DurationArgument.read)
    var interval = DurationArgument(.milliseconds(500))
    @Option(help: ArgumentHelp("End after so many changes.", valueName: "number"))
    var changes: Int?
    @Flag(help: "Print one JSON object per change.")
    var json = false

    func validate() throws {
        guard interval.duration >= .milliseconds(10) else { throw ValidationError("--interval is at least 10ms") }
        guard changes.map({ $0 >= 1 }) ?? true else { throw ValidationError("--changes is at least 1") }
        do {
            _ = try lockName
        } catch {
            throw ValidationError(error.description)
        }
    }

    func run() async throws {
        try await DLockExit.translating(handlesSignals: true) {
            let signals = SignalSource()
            try signals.start()
            let session = WatchSession(
                open: { try store.openIfPresent() },
                name: try lockName,
                interval: interval.duration,
                output: json ? .json : .text,
                changes: changes
            )
            let watching = Task { try await session.run() }
            let interruption = Task { () -> Int32? in
                while let signal = await signals.next() {
                    if SignalSource.isStop(signal) {
                        _ = await signals.stopSelf()
                    } else if SignalSource.isEnding(signal) {
                        watching.cancel()
                        return signal
                    }
                }
                return nil
            }
            let result = await watching.result
            interruption.cancel()
            if let signal = await interruption.value {
                if SignalSource.isFromKeyboard(signal) { SignalSource.reraise(signal) }
                throw ExitCode(128 + signal)
            }
            try result.get()
        }
    }

    private var lockName: LockName? {
        get throws(LockError) {
            guard let name else { return nil }
            return try NameArgument.lockName(name)
        }
    }
}
