import ArgumentParser
import DistributedLocks

/// `dlock watch`.
struct WatchCommand: AsyncParsableCommand {
    /// One line of `--json`.
    struct Payload: Codable {
        var time: String
        var event: WatchEvent.Kind
        var name: String
        var who: StatusPayload.Participant
    }

    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show, live, who takes and gives back which lock.",
        discussion: """
            On a terminal the present state is shown and kept up to date; in a pipe, and with --json, each change is one \
            line. Looks at the store every --interval: what begins and ends in between is not seen. Ends with Ctrl-C.
            """
    )

    @OptionGroup var store: StoreOptions
    @Argument(help: "Only this name.")
    var name: String?
    @Option(help: ArgumentHelp("How often to look.", valueName: "duration"))
    var interval = DurationArgument(.milliseconds(500))
    @Option(help: ArgumentHelp("End after so many changes.", valueName: "number"))
    var changes: Int?
    @Flag(help: "Print one JSON object per change.")
    var json = false

    func validate() throws {
        guard interval.duration >= .milliseconds(10) else { throw ValidationError("--interval is at least 10ms") }
        guard changes.map({ $0 >= 1 }) ?? true else { throw ValidationError("--changes is at least 1") }
    }

    func run() async throws {
        try await DLockExit.translating(handlesSignals: true) {
            let signals = SignalSource()
            try signals.start()
            let service = try store.openService()
            let watching = Task { try await watch(service) }
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
            await service.close()
            if let signal = await interruption.value {
                if SignalSource.isFromKeyboard(signal) { SignalSource.reraise(signal) }
                throw ExitCode(128 + signal)
            }
            try result.get()
        }
    }

    private func watch(_ service: LockService) async throws {
        let screen = Console.outputIsTerminal && !json ? WatchScreen() : nil
        var seen: [LockStatus] = []
        var count = 0
        while true {
            let now = try await snapshot(service)
            if let screen { screen.show(now) }
            for event in WatchEvent.between(seen, now) {
                if screen == nil { try print(event) }
                count += 1
                if count == changes { return }
            }
            seen = now
            try await service.clock.sleep(for: interval.duration)
        }
    }

    private func snapshot(_ service: LockService) async throws -> [LockStatus] {
        if let name { return [try await service.status(of: name)] }
        return try await service.list()
    }

    private func print(_ event: WatchEvent) throws {
        let now = WallClock.system.now
        if json {
            let who = StatusPayload.Participant(event.participant)
            let payload = Payload(time: now.description, event: event.kind, name: event.name.text, who: who)
            Console.line(try JSONOutput.line(payload))
        } else {
            let who = printable(event.participant.holder.description)
            Console.line("\(now) \(event.kind.rawValue) \"\(printable(event.name.text))\" \(who)")
        }
    }
}
