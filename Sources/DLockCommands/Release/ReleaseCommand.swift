import ArgumentParser
import DistributedLocks

/// `dlock release`.
struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Take a lock away from its holder.",
        discussion: """
            The holder is told, and a command under 'dlock run' is ended; but a program that does not listen may go on \
            working without the lock. Says from whom the lock was taken.

            With --token or --owner, as 'status' shows them, the lock is taken from that holder only: if another one holds it by \
            now, it stays, and the exit code is 75. If nobody holds the lock, the exit code is 1.
            """
    )

    @OptionGroup var store: StoreOptions
    @OptionGroup var lock: NameArgument
    @Flag(help: "Required: to say that you mean it.")
    var force = false
    @Option(help: ArgumentHelp("Only from the holder with this fencing token.", valueName: "number"))
    var token: UInt64?
    @Option(
        help: ArgumentHelp("Only from this owner, in the 32 digits of 'status --json'.", valueName: "id"),
        transform: Self.owner
    )
    var owner: OwnerID?
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard force else {
            throw ValidationError("a lock is released by its holder; to take it away from them, add --force")
        }
        guard token == nil || owner == nil else { throw ValidationError("give --token or --owner, not both") }
    }

    func run() async throws {
        try await DLockExit.translating {
            let service = try store.openForLooking()
            let name = try lock.lockName
            let holders: [Holder]
            do {
                holders = try await service.forceRelease(name, from: condition)
                await service.close()
            } catch LockError.busy(_, let contention) {
                await service.close()
                throw Refusal.heldByAnother(name, contention.holders)
            }
            report(name, holders)
            guard !holders.isEmpty else { throw Refusal.notHeld(name) }
        }
    }

    private var condition: HolderCondition {
        if let token { return .token(FencingToken(rawValue: token)) }
        return owner.map(HolderCondition.owner) ?? .any
    }

    private func report(_ name: LockName, _ holders: [Holder]) {
        let now = WallClock.system.now
        if json { return Console.line(ReleasePayload(name: name, holders: holders, now: now).json.document) }
        let text = StatusText(style: Style(forTerminal: Console.outputIsTerminal), now: now)
        for holder in holders { Console.line("took \"\(printable(name.text))\" from \(text.holder(holder))") }
    }

    private static func owner(_ text: String) throws -> OwnerID {
        guard let owner = OwnerID(text) else {
            throw ValidationError("an owner has 32 hexadecimal digits, as 'dlock status --json' shows them")
        }
        return owner
    }
}

extension ReleaseCommand {
    /// Why nothing was released.
    enum Refusal: Error, CustomStringConvertible {
        case notHeld(LockName)
        case heldByAnother(LockName, [Holder])

        var exitCode: Int32 {
            switch self {
            case .notHeld: DLockExit.notHeld
            case .heldByAnother: DLockExit.conflict
            }
        }

        var description: String {
            switch self {
            case .notHeld(let name): return "\"\(name)\" was not held; 'dlock list' shows the names that are"
            case .heldByAnother(let name, let holders):
                let text = StatusText(style: Style(forTerminal: false), now: WallClock.system.now)
                let others = holders.map(text.holder).joined(separator: ", ")
                return "\"\(name)\" was left alone: it is held by \(others.isEmpty ? "another one" : others)"
            }
        }
    }
}
