import Dispatch
import DistributedLocks
import Synchronization
import ZooKeeperLocks

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A process that holds and waits for locks in an ensemble, for tests that stop it and kill it. `ZooKeeperStoreProbe URL` obeys
/// lines on its standard input, and says on its standard output what happens. Times are nanoseconds of the machine's
/// monotonic clock.
///
/// ```
/// acquire KEY NAME    queued KEY, granted KEY TOKEN TIME, failed KEY ERROR
/// work KEY            worked KEY TIME every few milliseconds while the lease is not lost, then lost KEY TIME REASON
/// release KEY         released KEY RESULT
/// hold COUNT          takes so many locks more, named lock-0, lock-1 …; held COUNT
/// check               how many of those it still has; has COUNT
/// release             gives all of those back; released COUNT
/// run COMMAND         what a shell command prints that has been started as any program starts one; ran STATUS
/// ```
@main
enum ZooKeeperStoreProbe {
    static func main() async throws {
        let probe = Probe(LockService(try ZooKeeperStore(CommandLine.arguments[1])))
        let lines = AsyncStream<String> { continuation in
            Task.detached {
                while let line = readLine() { continuation.yield(line) }
                continuation.finish()
            }
        }
        say("ready")
        for await line in lines { await probe.obey(line.split(separator: " ").map(String.init)) }
        await probe.locks.close()
    }

    /// Writes a line at once, and whole.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(1, bytes, bytes.count)
    }

    /// The present, by the clock that tests can read as well.
    static var now: Int { Int(DispatchTime.now().uptimeNanoseconds) }
}

/// Obeys the lines.
private final class Probe: Sendable {
    let locks: LockService
    private let leases = Mutex<[String: Lease]>([:])
    private let crowd = Mutex<[Lease]>([])

    init(_ locks: LockService) {
        self.locks = locks
    }

    func obey(_ words: [String]) async {
        switch words.first {
        case "acquire" where words.count == 3: acquire(words[1], words[2])
        case "work" where words.count == 2: work(words[1])
        case "release" where words.count == 2:
            guard let lease = leases.withLock({ $0.removeValue(forKey: words[1]) }) else { return }
            ZooKeeperStoreProbe.say("released \(words[1]) \(await lease.release())")
        case "hold" where words.count == 2: await hold(Int(words[1]) ?? 0)
        case "check": ZooKeeperStoreProbe.say("has \(crowd.withLock { $0.count { $0.state == .held } })")
        case "release": ZooKeeperStoreProbe.say("released \(await releaseCrowd())")
        case "run": ZooKeeperStoreProbe.say("ran \(system(words.dropFirst().joined(separator: " ")))")
        default: ZooKeeperStoreProbe.say("what?")
        }
    }

    /// A hundred at a time.
    private func hold(_ count: Int) async {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                if number >= 100 { await group.next() }
                group.addTask { [self] in
                    do {
                        let lease = try await locks.lock("lock-\(number)").acquire()
                        crowd.withLock { $0.append(lease) }
                    } catch {
                        ZooKeeperStoreProbe.say("failed lock-\(number) \(error)")
                    }
                }
            }
        }
        ZooKeeperStoreProbe.say("held \(crowd.withLock(\.count))")
    }

    private func releaseCrowd() async -> Int {
        let leases = crowd.withLock { leases in
            defer { leases = [] }
            return leases
        }
        return await withTaskGroup(of: Bool.self) { group in
            for lease in leases { group.addTask { await lease.release() == .released } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }

    private func acquire(_ key: String, _ name: String) {
        Task { [self] in
            do {
                let lease = try await locks.lock(name).acquire { _ in ZooKeeperStoreProbe.say("queued \(key)") }
                leases.withLock { $0[key] = lease }
                ZooKeeperStoreProbe.say("granted \(key) \(lease.fencingToken.rawValue) \(ZooKeeperStoreProbe.now)")
            } catch {
                ZooKeeperStoreProbe.say("failed \(key) \(error)")
            }
        }
    }

    /// Does what must not be done without the lock, again and again. The time is taken before the lease is looked at.
    private func work(_ key: String) {
        guard let lease = leases.withLock({ $0[key] }) else { return ZooKeeperStoreProbe.say("what?") }
        Task { [locks] in
            while true {
                let time = ZooKeeperStoreProbe.now
                if case .lost(let reason) = lease.state {
                    return ZooKeeperStoreProbe.say("lost \(key) \(time) \(reason)")
                }
                ZooKeeperStoreProbe.say("worked \(key) \(time)")
                guard (try? await locks.clock.sleep(for: .milliseconds(2))) != nil else { return }
            }
        }
    }
}
