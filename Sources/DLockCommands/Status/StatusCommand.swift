import ArgumentParser
import DistributedLocks

/// `dlock status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show who holds a lock and who waits for it."
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var lock: NameArgument
    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        try await DLockExit.translating {
            let service = try store.openForLooking()
            let status = try await service.status(of: lock.lockName)
            await service.close()
            let now = WallClock.system.now
            if json {
                Console.line(StatusPayload(status: status, now: now).json.document)
            } else {
                let text = StatusText(style: Style(forTerminal: Console.outputIsTerminal), now: now)
                text.lines(status).forEach(Console.line)
            }
        }
    }
}
