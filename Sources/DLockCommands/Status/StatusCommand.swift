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
            let service = try store.openService()
            let status = try await service.status(of: lock.name)
            await service.close()
            if json {
                Console.line(try JSONOutput.document(StatusPayload(status)))
            } else {
                let text = StatusText(style: Style(forTerminal: Console.outputIsTerminal), now: WallClock.system.now)
                text.lines(status).forEach(Console.line)
            }
        }
    }
}
