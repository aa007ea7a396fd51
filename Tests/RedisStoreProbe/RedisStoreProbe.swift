import Dispatch
import DistributedLocks
import RedisLocks
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A process that holds and waits for locks on a server, for tests that stop it and kill it. `RedisStoreProbe URL` obeys
/// lines on its standard input, and says on its standard output what happens. Times are microseconds of the machine's
/// monotonic clock.
///
/// ```
/// acquire KEY NAME TTL [TIMEOUT]    queued KEY TIME, granted KEY TOKEN TIME, failed KEY ERROR; leases in milliseconds
/// work KEY                          worked KEY TIME every few milliseconds while the lease is not lost,
///                                   then lost KEY TIME REASON
/// release KEY                       released KEY RESULT
/// crowd COUNT NAME TTL              queued KEY TIME for each; KEY is crowd-0, crowd-1 …
/// run COMMAND                       what a shell command prints that has been started as any program starts one; ran STATUS
/// ```
@main
enum RedisStoreProbe {
    static func main() async throws {
        let store = try RedisStore(CommandLine.arguments[1])
        let probe = Probe(LockService(store))
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

    /// Microseconds of the clock that tests can read as well.
    static var now: Int64 { Int64(DispatchTime.now().uptimeNanoseconds / 1_000) }
}

/// Obeys the lines.
private final class Probe: Sendable {
    let locks: LockService
    private let leases = Mutex<[String: Lease]>([:])

    init(_ locks: LockService) {
        self.locks = locks
    }

    func obey(_ words: [String]) async {
        switch words.first {
        case "acquire" where words.count >= 4: acquire(words[1], words[2], words[3], words.dropFirst(4).first)
        case "crowd" where words.count == 4:
            for number in 0..<(Int(words[1]) ?? 0) { acquire("crowd-\(number)", words[2], words[3], nil) }
        case "work" where words.count == 2: work(words[1])
        case "release" where words.count == 2:
            guard let lease = leases.withLock({ $0.removeValue(forKey: words[1]) }) else { return }
            RedisStoreProbe.say("released \(words[1]) \(await lease.release())")
        case "run": RedisStoreProbe.say("ran \(system(words.dropFirst().joined(separator: " ")))")
        default: RedisStoreProbe.say("what?")
        }
    }

    private func acquire(_ key: String, _ name: String, _ ttl: String, _ timeout: String?) {
        Task { [self] in
            do {
                let lock = try locks.lock(name, options: LockOptions(ttl: .milliseconds(Int64(ttl) ?? 0)))
                let timeout = timeout.flatMap { Int64($0) }.map { Duration.milliseconds($0) }
                let lease = try await lock.acquire(timeout: timeout) { _ in
                    RedisStoreProbe.say("queued \(key) \(RedisStoreProbe.now)")
                }
                leases.withLock { $0[key] = lease }
                RedisStoreProbe.say("granted \(key) \(lease.fencingToken.rawValue) \(RedisStoreProbe.now)")
            } catch {
                RedisStoreProbe.say("failed \(key) \(error)")
            }
        }
    }

    /// Does what must not be done without the lock, again and again. The time is taken before the lease is looked at.
    private func work(_ key: String) {
        guard let lease = leases.withLock({ $0[key] }) else { return RedisStoreProbe.say("what?") }
        Task {
            while true {
                let time = RedisStoreProbe.now
                if case .lost(let reason) = lease.state {
                    return RedisStoreProbe.say("lost \(key) \(time) \(reason)")
                }
                RedisStoreProbe.say("worked \(key) \(time)")
                guard (try? await locks.clock.sleep(for: .milliseconds(2))) != nil else { return }
            }
        }
    }
}
