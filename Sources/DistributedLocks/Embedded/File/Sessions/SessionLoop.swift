#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a session's thread does: it sleeps until another session sends a message or ends, and acts on that.
///
/// It never waits for a lock: a file that is busy is tried again a little later. It measures time with the kernel's
/// monotonic clock, not with the injected one, since `poll` does.
struct SessionLoop {
    private typealias Clock = ContinuousClock

    private let session: FileSession
    private var watches: [SessionID: DeathWatch] = [:]
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var dirty: Set<LockName> = []
    private var retryDelay = Duration.zero
    private var isParked = false
    private var nextTick: ContinuousClock.Instant
    private var nextSweep: ContinuousClock.Instant
    private var inspection: Inspection

    private static let retryDelays = Duration.milliseconds(1)...Duration.milliseconds(20)
    private static let retryDelayAfterError = Duration.seconds(1)
    private static let sweepInterval = Duration.seconds(600)

    init(_ session: FileSession) {
        self.session = session
        inspection = Inspection(session)
        nextTick = Clock.now.advanced(by: session.configuration.tickInterval)
        nextSweep = Clock.now.advanced(by: Self.sweepInterval)
    }

    /// Runs until the session ends.
    mutating func run() {
        Sweeper(session).run()
        while !session.thread.isStopping {
            updateWatches()
            probe()
            recheck()
            sleep()
            tickIfDue()
        }
    }
}

// MARK: - Watching

extension SessionLoop {
    /// Opens the pipes of sessions that have to be watched now, and closes those of the others.
    private mutating func updateWatches() {
        let news = session.registry.takeNewlyWatched()
        let wanted = session.registry.watched
        for id in watches.keys where !wanted.contains(id) { watches[id] = nil }
        // One that is watched for another name already may have died, and been dealt with for that name alone.
        for id in news where watches[id] != nil { watches[id]?.nextProbe = Clock.now }
        for id in wanted where watches[id] == nil { watch(id) }
    }

    private mutating func watch(_ id: SessionID) {
        let pipe = try? session.peers.watch(id)
        watches[id] = DeathWatch(pipe ?? nil, at: Clock.now)
        // It may have ended before its pipe was opened here.
        if !session.peers.isAlive(id) { session.registry.suspect(id) }
    }

    private mutating func probe() {
        let now = Clock.now
        for (id, watch) in watches {
            guard let due = watch.nextProbe, due <= now else { continue }
            if session.peers.isAlive(id) {
                watches[id]?.provedAlive(at: now)
            } else {
                watches[id]?.nextProbe = nil
                session.registry.suspect(id)
            }
        }
    }

    private mutating func recheck() {
        dirty.formUnion(session.registry.takeDirty())
        guard !dirty.isEmpty else { return }
        var delay = Duration.zero
        for name in dirty {
            do throws(LockError) {
                if try session.recheck(name) {
                    dirty.remove(name)
                } else {
                    delay = max(
                        delay,
                        min(max(retryDelay * 2, Self.retryDelays.lowerBound), Self.retryDelays.upperBound)
                    )
                }
            } catch {
                delay = Self.retryDelayAfterError
            }
        }
        retryDelay = delay
    }
}

// MARK: - Sleeping

extension SessionLoop {
    private mutating func sleep() {
        let watched = watches.filter { $0.value.pipe != nil }.map(\.key)
        var polled = [session.files.withPipe { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }]
        for id in watched {
            // The descriptors stay open: nothing but this thread closes them.
            let number = watches[id]?.pipe?.withNumber { $0 } ?? -1
            polled.append(pollfd(fd: number, events: 0, revents: 0))
        }
        guard poll(&polled, nfds_t(polled.count), timeout()) > 0 else { return }
        let now = Clock.now
        for (id, result) in zip(watched, polled.dropFirst()) where result.revents != 0 { watches[id]?.hungUp(at: now) }
        if polled[0].revents != 0 { drain() }
    }

    /// How long to sleep at most, in milliseconds; -1 for ever.
    private func timeout() -> Int32 {
        let now = Clock.now
        var instants = watches.values.compactMap(\.nextProbe)
        if !dirty.isEmpty { instants.append(now.advanced(by: retryDelay)) }
        if !isParked { instants.append(nextTick) }
        guard let next = instants.min() else { return -1 }
        let milliseconds = (now.duration(to: next).seconds * 1_000).rounded(.up)
        return Int32(min(max(milliseconds, 0), 3_600_000))
    }

    private mutating func drain() {
        isParked = false
        let (messages, byteCount) = session.files.withPipe { WakeMessage.drain($0, &buffer) }
        for message in messages { session.receive(message) }
        // As much as this means that the pipe may have been full, and messages dropped.
        if byteCount >= session.files.pipeCapacity / 2 { session.registry.suspect(session.registry.names) }
    }
}

// MARK: - Ticking

extension SessionLoop {
    private mutating func tickIfDue() {
        let now = Clock.now
        guard !isParked, now >= nextTick else { return }
        nextTick = now.advanced(by: session.configuration.tickInterval)
        guard inspection.run() else {
            session.breakDown()
            return
        }
        for (id, watch) in watches {
            if watch.pipe == nil, let pipe = try? session.peers.watch(id) { watches[id]?.pipe = pipe }
            watches[id]?.nextProbe = now
        }
        if now >= nextSweep {
            nextSweep = now.advanced(by: Self.sweepInterval)
            Sweeper(session).run()
        }
        isParked = session.thread.parks(ifIdle: session.registry.isEmpty)
    }
}
