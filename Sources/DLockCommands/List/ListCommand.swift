import ArgumentParser
import DistributedLocks

/// `dlock list`.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all names that are held or waited for."
    )

    @OptionGroup var store: StoreOptions
    @Flag(help: "Print JSON: one array.")
    var json = false

    func run() async throws {
        try await DLockExit.translating {
            let service = try store.openForLooking()
            let names = try await service.list()
            await service.close()
            let now = WallClock.system.now
            if json {
                Console.line(JSONValue.array(names.map { StatusPayload(status: $0, now: now).json }).document)
            } else {
                let text = StatusText(style: Style(forTerminal: Console.outputIsTerminal), now: now)
                names.flatMap(text.lines).forEach(Console.line)
            }
        }
    }
}
