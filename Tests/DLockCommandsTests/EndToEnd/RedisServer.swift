import Foundation
import Glibc

/// A real server on a loopback port, for the command to use.
final class RedisServer: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: UInt16
    private let process: RunningProcess
    private let folder: URL

    /// Leaves a guard behind, and becomes the server. When the input ends, since this process has died, however it died, or
    /// when there is a line, the guard kills the server.
    private static let launcher = #"exec 3<&0; (read line <&3; kill -9 $$) & exec "$@" 3<&- </dev/null"#

    private init(port: UInt16? = nil, password: String? = nil) throws {
        self.port = try port ?? Self.freePort()
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("dlock-redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let options =
            [
                "--bind", "127.0.0.1", "--port", "\(self.port)", "--dir", folder.path, "--save", "", "--appendonly",
                "no",
            ] + (password.map { ["--requirepass", $0] } ?? [])
        process = try RunningProcess(
            ["/bin/sh", "-c", Self.launcher, "sh", try Self.executable()] + options,
            environment: ProcessInfo.processInfo.environment
        )
    }

    /// Runs a server as long as the body runs, however that ends.
    ///
    /// - Parameters:
    ///   - port: Its port; a free one if `nil`.
    ///   - password: What clients have to know, if anything.
    ///   - body: Gets the server, which is ready.
    /// - Throws: What the body throws, or if the server does not start.
    static func with(
        port: UInt16? = nil,
        password: String? = nil,
        _ body: (RedisServer) async throws -> Void
    ) async throws {
        let server = try RedisServer(port: port, password: password)
        do {
            try await server.process.waitForOutput("Ready to accept connections")
            try await body(server)
            try await server.stop()
        } catch {
            try await server.stop()
            throw error
        }
    }

    /// What to tell the command.
    var url: String { "redis://127.0.0.1:\(port)" }

    /// Ends it; nothing of it remains.
    private func stop() async throws {
        process.send()
        _ = try await process.finished()
        try FileManager.default.removeItem(at: folder)
    }

    /// What a stranger does: sends a command, in words without spaces.
    ///
    /// - Parameter words: The command.
    /// - Returns: The first line of the reply.
    /// - Throws: ``Failure`` if there is none.
    @discardableResult
    func command(_ words: String...) throws -> String {
        guard let descriptor = Self.connect(to: port) else { throw Failure(description: "nobody listens at \(port)") }
        let connection = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try connection.write(contentsOf: Data("\(words.joined(separator: " "))\r\n".utf8))
        var reply = Data()
        while !reply.contains(UInt8(ascii: "\n")) {
            guard let more = try connection.read(upToCount: 1), !more.isEmpty else {
                throw Failure(description: "no reply to \(words)")
            }
            reply += more
        }
        return String(decoding: reply, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// A port at which nobody listens. Not one that the system gives out by itself, since clients come from those.
    static func freePort() throws -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            guard let descriptor = connect(to: port) else { return port }
            close(descriptor)
        }
        throw Failure(description: "no free port")
    }

    private static func connect(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let result = withUnsafeBytes(of: &address) { bytes in
            Glibc.connect(
                descriptor,
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count)
            )
        }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    private static func executable() throws -> String {
        let variables = ProcessInfo.processInfo.environment
        if let path = variables["DLOCK_TEST_REDIS"], !path.isEmpty { return path }
        let folders = (variables["PATH"] ?? "").split(separator: ":").map(String.init) + ["/usr/bin", "/usr/sbin"]
        let paths = folders.map { "\($0)/redis-server" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile) else {
            throw Failure(description: "no redis-server: run scripts/test once, or set DLOCK_TEST_REDIS to its path")
        }
        return path
    }
}
