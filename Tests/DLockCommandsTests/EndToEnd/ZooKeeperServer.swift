import Foundation
import Glibc
import Synchronization

/// A real server on a loopback port, for the command to use, and strangers who use it as well.
///
/// A test that does not disturb it takes the one that is there for all of them (``shared()``), and a folder of its own.
final class ZooKeeperServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: UInt16
    private let process: RunningProcess
    private let folder: URL

    /// Leaves a guard behind, and becomes the server. When the input ends, since this process has died, however it died, or
    /// when there is a line, the guard kills the server.
    private static let launcher = #"exec 3<&0; (read line <&3; kill -9 $$) & exec "$@" 3<&- </dev/null 2>&1"#

    private init() throws {
        port = try RedisServer.freePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dlock-zookeeper-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let configuration = folder.appendingPathComponent("zoo.cfg")
        // Sessions end at a multiple of a tick, and last for two of them at the least.
        let lines = [
            "tickTime=200", "maxSessionTimeout=40000", "maxClientCnxns=0", "dataDir=\(folder.path)/data",
            "clientPort=\(port)", "clientPortAddress=127.0.0.1", "admin.enableServer=false",
        ]
        try lines.joined(separator: "\n").write(to: configuration, atomically: true, encoding: .utf8)
        process = try RunningProcess(
            ["/bin/sh", "-c", Self.launcher, "sh"] + Self.command() + [configuration.path],
            environment: ProcessInfo.processInfo.environment
        )
    }

    private static func started() async throws -> ZooKeeperServer {
        let server = try ZooKeeperServer()
        do {
            // What it says when it has begun to serve.
            try await server.process.waitForOutput("Using checkIntervalMs")
            return server
        } catch {
            try await server.stop()
            throw error
        }
    }

    /// Runs a server as long as the body runs, however that ends.
    ///
    /// - Parameter body: Gets the server, which is ready.
    /// - Throws: What the body throws, or if the server does not start.
    static func with(_ body: (ZooKeeperServer) async throws -> Void) async throws {
        let server = try await started()
        do {
            try await body(server)
            try await server.stop()
        } catch {
            try await server.stop()
            throw error
        }
    }

    private static let common = Task { try await started() }
    private static let folders = Mutex<[URL]>([])

    private static func removeFolders() {
        for folder in folders.withLock({ $0 }) { try? FileManager.default.removeItem(at: folder) }
    }

    /// A server that lives as long as the tests do.
    static func shared() async throws -> ZooKeeperServer {
        let server = try await common.value
        let isFirst = folders.withLock { folders in
            defer { folders = [server.folder] }
            return folders.isEmpty
        }
        // It is killed by its guard.
        if isFirst { atexit { ZooKeeperServer.removeFolders() } }
        return server
    }

    /// Where it is: host and port.
    var address: String { "127.0.0.1:\(port)" }

    /// Kills it.
    func kill() async throws {
        process.send()
        _ = try await process.finished()
    }

    /// Stops it (`SIGSTOP`): it takes connections, and never answers.
    func pause() { process.signal(SIGSTOP) }

    /// Ends it; nothing of it remains.
    private func stop() async throws {
        process.signal(SIGCONT)
        try await kill()
        try FileManager.default.removeItem(at: folder)
    }

    // MARK: Strangers

    /// Starts kazoo's lock, which waits for a folder's lock, writes `held`, and gives it back when it is sent a line.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - options: See `kazoolock.py`.
    /// - Returns: The process.
    /// - Throws: If the program is missing.
    func kazoo(_ path: String, _ options: [String] = ["--pattern=-lock-"]) throws -> RunningProcess {
        try Self.python("kazoolock.py", ["hold"] + options + [address, path])
    }

    /// Deletes a node, with all that is below it, as a stranger does.
    func delete(_ path: String) async throws {
        let inspector = try Self.python("inspector.py", [address])
        inspector.send(#"["delete", "\#(path)", true]"#)
        try await inspector.waitForOutput("}")
        guard !inspector.output.contains("error") else { throw Failure(description: inspector.output) }
    }

    private static func python(_ program: String, _ words: [String]) throws -> RunningProcess {
        // This file is three folders below that of the package.
        let root = (0..<4).reduce(URL(fileURLWithPath: #filePath)) { url, _ in url.deletingLastPathComponent() }.path
        let path = "\(root)/.venv/bin/python3"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Failure(description: "\(path) is missing: run scripts/test once")
        }
        return try RunningProcess(
            [path, "-B", "\(root)/Tests/ZooKeeperLocksTests/Peers/\(program)"] + words,
            environment: ProcessInfo.processInfo.environment
        )
    }

    private static func command() throws -> [String] {
        let variables = ProcessInfo.processInfo.environment
        let folders = variables["JAVA_HOME"].map { ["\($0)/bin"] } ?? []
        let paths = folders + (variables["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin"]
        let jars = variables["DLOCK_TEST_JARS"] ?? "/usr/share/java"
        let classes = ["zookeeper", "slf4j-simple"].map { "\(jars)/\($0).jar" }
        guard let java = paths.map({ "\($0)/java" }).first(where: FileManager.default.isExecutableFile),
            classes.allSatisfy(FileManager.default.fileExists)
        else { throw Failure(description: "no java, or no ZooKeeper in \(jars): run scripts/test once") }
        return [
            java, "-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            "-Dzookeeper.forceSync=no", "-cp", classes.joined(separator: ":"),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        ]
    }
}
