#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a session's thread does: it sleeps until another session sends a message or ends, or a task leaves an errand, and
/// acts on that.
///
/// While the session is in use it beats every tenth of a second, to see to what has lasted longer than that; else it sleeps
/// until something happens. It never waits for a lock: a file that is busy is tried again a little later. It measures time
/// with the kernel's monotonic clock, not with the injected one, since `poll` does.
struct SessionLoop {
    typealias Clock = ContinuousClock

    let session: FileSession
    private var watches: [SessionID: DeathWatch] = [:]
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var dirtyNames: Set<LockName> = []
    private var dirtyPlaces: Set<OwnerID> = []
    private var retryDelay = Duration.zero
    private var hasRest = false
    private var housekeeping: Housekeeping

    private static let retryDelays = Duration.milliseconds(1)...Duration.milliseconds(20)
    private static let retryDelayAfterError = Duration.seconds(1)

    init(_ session: FileSession) {
        self.session = session
        housekeeping = Housekeeping(session, at: Clock.now)
    }

    /// Runs until the session ends.
    mutating func run() {
        while !session.thread.isStopping {
            updateWatches()
            probe()
            retryDelay = max(work(), recheck())
            sleep()
            if housekeeping.run(at: Clock.now) { checkWatches() }
        }
        housekeeping.end()
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

    /// Looks at all that is watched, and cannot be told of its end.
    private mutating func checkWatches() {
        for (id, watch) in watches where watch.pipe == nil {
            if let pipe = try? session.peers.watch(id) { watches[id]?.pipe = pipe }
            watches[id]?.nextProbe = Clock.now
        }
    }
}

// MARK: - Working

extension SessionLoop {
    /// Does the errands.
    ///
    /// - Returns: When to try again what could not be done.
    private mutating func work() -> Duration {
        var rest: [LockName: Errands.Batch] = [:]
        for (name, batch) in session.errands.take() {
            let left = session.perform(batch, at: name, now: Clock.now)
            if !left.isEmpty { rest[name] = left }
        }
        session.errands.finish(rest)
        hasRest = !rest.isEmpty
        return hasRest ? nextDelay : .zero
    }

    /// Looks at what may have changed.
    ///
    /// - Returns: When to try again what could not be done.
    private mutating func recheck() -> Duration {
        let (names, places) = session.registry.takeDirty()
        dirtyNames.formUnion(names)
        dirtyPlaces.formUnion(places)
        var delay = Duration.zero
        for name in dirtyNames {
            do throws(LockError) {
                if try session.recheck(name) { dirtyNames.remove(name) } else { delay = max(delay, nextDelay) }
            } catch {
                delay = Self.retryDelayAfterError
            }
        }
        for owner in dirtyPlaces {
            do throws(LockError) {
                if try session.recheck(place: owner) {
                    dirtyPlaces.remove(owner)
                } else {
                    delay = max(delay, nextDelay)
                }
            } catch {
                delay = Self.retryDelayAfterError
            }
        }
        return delay
    }

    private var nextDelay: Duration {
        min(max(retryDelay * 2, Self.retryDelays.lowerBound), Self.retryDelays.upperBound)
    }
}

// MARK: - Sleeping

extension SessionLoop {
    private mutating func sleep() {
        // The descriptors stay open: nothing but this thread closes them.
        var polled = [session.files.withPipe { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }]
        let places = housekeeping.places?.withNumber { $0 } ?? -1
        polled.append(pollfd(fd: places, events: Int16(POLLIN), revents: 0))
        let watched = watches.filter { $0.value.pipe != nil }.map(\.key)
        for id in watched {
            polled.append(pollfd(fd: watches[id]?.pipe?.withNumber { $0 } ?? -1, events: 0, revents: 0))
        }
        guard poll(&polled, nfds_t(polled.count), timeout()) > 0 else { return }
        let now = Clock.now
        for (id, result) in zip(watched, polled.dropFirst(2)) where result.revents != 0 { watches[id]?.hungUp(at: now) }
        if polled[1].revents != 0 { housekeeping.checkPlaces() }
        if polled[0].revents != 0 { drain() }
    }

    /// How long to sleep at most, in milliseconds; -1 for ever.
    private func timeout() -> Int32 {
        let now = Clock.now
        var instants = watches.values.compactMap(\.nextProbe)
        if hasRest || !dirtyNames.isEmpty || !dirtyPlaces.isEmpty { instants.append(now.advanced(by: retryDelay)) }
        instants.append(housekeeping.next)
        guard let next = instants.min() else { return -1 }
        let milliseconds = (now.duration(to: next).seconds * 1_000).rounded(.up)
        return Int32(min(max(milliseconds, 0), 3_600_000))
    }

    private mutating func drain() {
        let (messages, byteCount) = session.files.withPipe { WakeMessage.drain($0, &buffer) }
        for message in messages { session.receive(message) }
        // As much as this means that the pipe may have been full, and messages dropped.
        if byteCount >= session.files.pipeCapacity / 2 { session.registry.suspect(session.registry.names) }
    }
}
