import DistributedLocks
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A process with a `FileStore`, for tests that kill it. `FileStoreProbe DIRECTORY` obeys lines on its standard input,
/// and answers on its standard output; `FileStoreProbe DIRECTORY stress NAME COUNT` takes a lock time and again, and
/// writes a line when it has got it and one before it gives it back.
@main
enum FileStoreProbe {
    static func main() async {
        do {
            try await run()
        } catch {
            say("failed: \(error)")
            exit(70)
        }
    }

    private static func run() async throws {
        let arguments = CommandLine.arguments
        let store = try makeStore(arguments[1])
        if arguments.count == 5, arguments[2] == "stress", let count = Int(arguments[4]) {
            try await stress(store, try LockName(arguments[3]), count)
        } else if arguments.count == 5, arguments[2] == "leaks", let count = Int(arguments[4]) {
            try await leaks(arguments[1], try LockName(arguments[3]), count)
        } else {
            let probe = Probe(store)
            let lines = AsyncStream<String> { continuation in
                Thread.start {
                    while let line = readLine() { continuation.yield(line) }
                    continuation.finish()
                }
            }
            for await line in lines { try await probe.obey(line.split(separator: " ").map(String.init)) }
            await store.close()
        }
    }

    /// A store that never makes up by its slow check for a message that it has missed.
    private static func makeStore(_ directory: String) throws -> FileStore {
        var configuration = FileStore.Configuration(directory: directory)
        configuration.tickInterval = .seconds(3_600)
        return try FileStore(configuration: configuration)
    }

    /// Writes a line for each time; nobody else who takes the name may come in between.
    private static func stress(_ store: FileStore, _ name: LockName, _ count: Int) async throws {
        for _ in 0..<count {
            let claim = LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system))
            let request = LockRequest(claim: claim, holder: holder, ttl: .seconds(30), patience: .unlimited)
            guard case .granted(let grant) = try await store.acquire(request) else { continue }
            say("begin \(grant.token)")
            await Task.yield()
            say("end \(grant.token)")
            _ = try await store.release(claim)
        }
        await store.close()
    }

    /// Two sessions that contend for a lock, one of which is closed and opened again now and then.
    private static func leaks(_ directory: String, _ name: LockName, _ count: Int) async throws {
        // Whatever is made only once, such as the threads of the pool.
        try await contend(directory, name, 3)
        let before = try await settledCounts()
        try await contend(directory, name, count)
        var after = before
        for _ in 0..<200 {
            after = try await settledCounts()
            if after == before { break }
        }
        say("leaks \(before.descriptors) \(after.descriptors) \(before.threads) \(after.threads)")
    }

    private static func contend(_ directory: String, _ name: LockName, _ count: Int) async throws {
        for round in 0..<count / 3 {
            let stores = [try makeStore(directory), try makeStore(directory)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<6 {
                    group.addTask {
                        let store = stores[index % 2]
                        let claim = LockClaim(name: name, mode: .exclusive, owner: OwnerID(from: .system))
                        let patience: LockRequest.Patience =
                            index == 5 ? .until(store.clock.now.advanced(by: .microseconds(200))) : .unlimited
                        let request = LockRequest(claim: claim, holder: holder, ttl: .seconds(1), patience: patience)
                        for _ in 0..<5 {
                            if case .granted = try await store.acquire(request) { await Task.yield() }
                            _ = try await store.release(claim)
                        }
                    }
                }
                try await group.waitForAll()
            }
            // Every other pair is only dropped.
            if round % 2 == 0 { for store in stores { await store.close() } }
        }
    }

    /// How many descriptors there are, and how many threads of stores.
    private static func settledCounts() async throws -> (descriptors: Int, threads: Int) {
        try await Task.sleep(for: .milliseconds(20))
        let threads = entries("/proc/self/task").filter { name(ofThread: $0) == "FileStore" }
        return (entries("/proc/self/fd").count, threads.count)
    }

    private static func name(ofThread id: String) -> String {
        let file = open("/proc/self/task/\(id)/comm", O_RDONLY)
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count - 1, 0)), as: UTF8.self)
    }

    private static func entries(_ path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
            )
        }
        return names
    }

    /// Writes a line at once, and whole.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(1, bytes, bytes.count)
    }

    static var holder: Holder { Holder(host: "probe", processID: getpid()) }
}

/// Obeys the lines.
private final class Probe: Sendable {
    private let store: FileStore
    private let descriptors = Mutex<[Int32]>([])
    private let claims = Mutex<[String: (LockClaim, Task<Void, Never>)]>([:])

    init(_ store: FileStore) {
        self.store = store
    }

    func obey(_ words: [String]) async throws {
        switch words.first {
        case "acquire" where words.count == 4:
            try acquire(words[1], try LockName(words[2]), mode(words[3]))
        case "release" where words.count == 2:
            guard let (claim, task) = claims.withLock({ $0.removeValue(forKey: words[1]) }) else { return }
            task.cancel()
            await task.value
            FileStoreProbe.say("released \(words[1]) \(try await store.release(claim))")
        case "status" where words.count == 2:
            let status = try await store.status(of: try LockName(words[1]))
            FileStoreProbe.say("status \(status.holders.count) \(status.waiters.count)")
        case "exhaust":
            descriptors.withLock { all in
                while true {
                    let descriptor = open("/dev/null", O_RDONLY)
                    guard descriptor >= 0 else { break }
                    all.append(descriptor)
                }
            }
            FileStoreProbe.say("exhausted")
        case "relieve":
            for descriptor in descriptors.withLock({ $0 }) { close(descriptor) }
            FileStoreProbe.say("relieved")
        default:
            FileStoreProbe.say("what?")
        }
    }

    private func acquire(_ key: String, _ name: LockName, _ mode: LockMode) throws {
        let claim = LockClaim(name: name, mode: mode, owner: OwnerID(from: .system))
        let request = LockRequest(
            claim: claim,
            holder: FileStoreProbe.holder,
            ttl: .seconds(30),
            patience: .unlimited,
            onQueued: { _ in FileStoreProbe.say("asked \(key)") }
        )
        let task = Task { [store] in
            do {
                guard case .granted(let grant) = try await store.acquire(request) else { return }
                FileStoreProbe.say("asked \(key)")
                FileStoreProbe.say("granted \(key) \(grant.token)")
                grant.lossSignal?.listen { FileStoreProbe.say("lost \(key) \($0)") }
            } catch {
                FileStoreProbe.say("failed \(key) \(error)")
            }
        }
        claims.withLock { $0[key] = (claim, task) }
    }

    private func mode(_ word: String) -> LockMode {
        if let limit = Int(word) { return .permit(of: limit) }
        return word == "shared" ? .shared : .exclusive
    }
}

/// A thread that may block: not one of those that tasks share, since the runtime looks after these every second while one of
/// them is blocked.
private enum Thread {
    fileprivate final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body)).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        pthread_create(&thread, nil, runWork, work)
    }
}

/// What the thread does.
private func runWork(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let work { Unmanaged<Thread.Work>.fromOpaque(work).takeRetainedValue().body() }
    return nil
}
