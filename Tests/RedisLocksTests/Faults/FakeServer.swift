import Foundation
import Glibc
import TestSupport

/// Something that listens on a loopback port, and answers every command with the same.
enum FakeServer {
    /// Runs it as long as the body runs.
    ///
    /// - Parameters:
    ///   - reply: What it says.
    ///   - body: Gets the port.
    /// - Throws: What the body throws, or if there is no port.
    static func with(reply: String, _ body: (Int) async throws -> Void) async throws {
        let port = try Descriptors.freePort()
        let listener = try Descriptors.listen(port)
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                Thread.detachNewThread { serve(client, reply) }
            }
            close(listener)
        }
        defer { shutdown(listener, Int32(SHUT_RDWR)) }
        try await body(port)
    }

    private static func serve(_ client: Int32, _ reply: String) {
        defer { close(client) }
        var stream = RESPStream()
        while true {
            let bytes = Descriptors.receive(from: client)
            guard !bytes.isEmpty else { return }
            stream.append(bytes)
            while (try? stream.next()) != nil {
                guard reply.isEmpty || Descriptors.send(Array(reply.utf8), to: client) else { return }
            }
        }
    }
}

extension TestRedisServer {
    /// Lets a snapshot fail: its folder is gone.
    func breakSaving() async throws {
        try FileManager.default.removeItem(atPath: folder.file("data"))
        try await command(["BGSAVE"])
        try await waitUntil("a snapshot that fails", details: { "; its log:\n\(log)" }) {
            try await info("rdb_last_bgsave_status") == "err"
        }
    }
}
