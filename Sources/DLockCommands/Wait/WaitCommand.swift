import ArgumentParser
import DistributedLocks

/// `dlock wait`.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until nobody holds a lock, without taking it.",
        discussion: """
            Does not join the queue, so that nobody waits because of it: it looks at the store, at first often, then once a second. Who \
            needs the lock afterwards takes it with 'dlock run'; somebody else may have it by then.

            Exits with 0 when nobody holds the lock, and with 75 if --wait is over before.
            """
    )

    @OptionGroup var store: StoreOptions
    @Option(
        name: [.customShort("w"), .long],
        help: ArgumentHelp("Wait this long at the most; for ever if not given.", valueName: "duration"),
        transform: DurationArgument.read
    )
    var wait: DurationArgument?
    @Flag(name: [.customShort("n"), .long], help: "Do not wait: exit with 75 if the lock is held.")
    var noWait = false
    @Option(
        name: [.customShort("E"), .long],
        help: ArgumentHelp("Exit code if the lock is still held.", valueName: "code")
    )
    var conflictExitCode: Int32 = DLockExit.conflict
    @Flag(name: .shortAndLong, help: "Say nothing, unless it is an error.")
    var quiet = false
    @OptionGroup var lock: NameArgument

    func validate() throws {
        guard !(noWait && wait != nil) else { throw ValidationError("--wait and --no-wait contradict each other") }
        guard (0...255).contains(conflictExitCode) else {
            throw ValidationError("--conflict-exit-code is between 0 and 255")
        }
    }

    func run() async throws {
        try await DLockExit.translating {
            do {
                let name = try lock.lockName
                let line = WaitingLine(name: name, isEnabled: !quiet)
                let looks = LookSchedule(
                    start: line.clock.now,
                    timeout: noWait ? .zero : wait?.duration,
                    first: .milliseconds(20),
                    longest: .seconds(1)
                )
                try await wait(name, looks, line)
            } catch let error as LockError where error.isConflict {
                if !quiet { Console.error(error.description) }
                throw ExitCode(conflictExitCode)
            }
        }
    }

    private func wait(_ name: LockName, _ looks: LookSchedule, _ line: WaitingLine) async throws {
        let service = try store.openForLooking()
        var looks = looks
        try await line.whileWaiting(status: { try await service.status(of: $0) }) { onQueued in
            var isWaiting = false
            while true {
                let status = try await service.status(of: name)
                let contention = Contention(holders: status.holders.map(\.holder))
                if status.holders.isEmpty { return }
                if noWait { throw LockError.busy(name, contention) }
                guard let next = looks.next(at: line.clock.now) else {
                    throw LockError.timedOut(name, after: wait?.duration ?? .zero, contention)
                }
                if !isWaiting { onQueued(contention) }
                isWaiting = true
                try await line.clock.sleep(until: next)
            }
        }
        await service.close()
    }
}
