import ArgumentParser
import DistributedLocks

/// `dlock release`.
struct ReleaseCommand: AsyncParsableCommand {
    /// What `--json` prints.
    struct Payload: Codable {
        var name: String
        var released: [Cut]

        struct Cut: Codable {
            var host: String?
            var pid: Int32?
            var label: String?
            var since: String?
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Take a lock away from whoever holds it.",
        discussion: """
            The holder is told, and a command under 'dlock run' is ended; but a program that does not listen may go on \
            working without the lock. Says whom it cut off.
            """
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var lock: NameArgument
    @Flag(help: "Required: to say that you mean it.")
    var force = false
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard force else {
            throw ValidationError("a lock is released by its holder; to take it away from them, add --force")
        }
    }

    func run() async throws {
        try await DLockExit.translating {
            let service = try store.openService()
            let holders = try await service.forceRelease(lock.name)
            await service.close()
            if json {
                Console.line(try JSONOutput.document(payload(holders)))
            } else {
                report(holders)
            }
        }
    }

    private func report(_ holders: [Holder]) {
        let name = printable(lock.name)
        if holders.isEmpty { return Console.line("\"\(name)\" was not held") }
        let text = StatusText(style: Style(forTerminal: Console.outputIsTerminal), now: WallClock.system.now)
        for holder in holders { Console.line("took \"\(name)\" from \(text.holder(holder))") }
    }

    private func payload(_ holders: [Holder]) -> Payload {
        let released = holders.map { holder in
            Payload.Cut(
                host: holder.host,
                pid: holder.processID,
                label: holder.label,
                since: holder.waitingSince?.description
            )
        }
        return Payload(name: lock.name, released: released)
    }
}
