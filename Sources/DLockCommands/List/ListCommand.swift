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
            let service = try store.openService()
            let names = try await service.list()
            await service.close()
            if json {
                Console.line(try JSONOutput.document(names.map(StatusPayload.init)))
            } else {
                let text = StatusText(style: Style(forTerminal: Console.outputIsTerminal), now: WallClock.system.now)
                names.flatMap(text.lines).forEach(Console.line)
            }
        }
    }
}
