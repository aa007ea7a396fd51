import DistributedLocks

/// One `dlock watch`: looks at the store again and again, and shows what has changed.
struct WatchSession: Sendable {
    /// How changes are written where no live picture is drawn.
    enum Output: Sendable {
        case text
        case json
    }

    /// Opens the store; `nil` as long as it is a folder that does not exist.
    let open: @Sendable () throws -> LockService?
    /// The name to watch; all of them if `nil`.
    let name: LockName?
    let interval: Duration
    let output: Output
    /// After how many changes to end.
    let changes: Int?
    var clock = LeaseClock.continuous

    /// Watches until the task is cancelled, or there have been enough changes.
    ///
    /// - Throws: What the first look throws; later ones are repeated until they succeed.
    func run() async throws {
        var service: LockService?
        do {
            try await show(try await look(at: &service), using: &service)
        } catch {
            await service?.close()
            throw error
        }
        await service?.close()
    }

    private func show(_ first: [LockStatus], using service: inout LockService?) async throws {
        var seen: [LockStatus] = []
        var now = first
        var count = 0
        while true {
            if isScreen { WatchScreen().show(now) }
            for event in WatchEvent.between(seen, now) {
                if !isScreen { Console.line(line(event)) }
                count += 1
                if count == changes { return }
            }
            seen = now
            try await clock.sleep(for: interval)
            now = try await persist(&service, seen)
        }
    }

    /// Whether there is a live picture: not in a pipe, and not while another job has the terminal.
    private var isScreen: Bool {
        output == .text && Console.outputTerminalIsOurs && Style.terminalUnderstandsEscapes
    }

    private func look(at service: inout LockService?) async throws -> [LockStatus] {
        if service == nil { service = try open() }
        guard let service else { return [] }
        if let name { return [try await service.status(of: name)] }
        return try await service.list()
    }

    /// Looks until the store answers; says so if it does not, and when it does again.
    private func persist(_ service: inout LockService?, _ seen: [LockStatus]) async throws -> [LockStatus] {
        let start = clock.now
        var tries = LookSchedule(
            start: start,
            timeout: nil,
            first: max(interval, .milliseconds(500)),
            longest: .seconds(5)
        )
        var outage: LockError?
        while true {
            do {
                let now = try await look(at: &service)
                if outage != nil, !isScreen { Console.error("the store answers again") }
                return now
            } catch let error as LockError where error.mayPass {
                if isScreen {
                    WatchScreen().show(seen, outage: error)
                } else if outage == nil {
                    Console.error("\(error); trying again")
                }
                outage = error
            }
            // A client that has lost its session with the servers does not come back; a new one does.
            await service?.close()
            service = nil
            if let next = tries.next(at: clock.now) { try await clock.sleep(until: next) }
        }
    }

    private func line(_ event: WatchEvent) -> String {
        let now = WallClock.system.now
        let name = event.name
        if output == .json {
            return JSONValue.object([
                "time": .string(now.description),
                "event": .string(event.kind.rawValue),
                "name": .string(name.text),
                "name_bytes": JSONValue(bytesOf: name),
                "who": ParticipantPayload(participant: event.participant, now: now).json,
            ]).line
        }
        let who = printable(event.participant.holder.description)
        return "\(now) \(event.kind.rawValue) \"\(printable(name.text))\" \(who)"
    }
}

extension LockError {
    /// Whether the same request may succeed later, though nothing but the store changes.
    var mayPass: Bool {
        switch self {
        case .invalid, .unsupported: false
        default: true
        }
    }
}
