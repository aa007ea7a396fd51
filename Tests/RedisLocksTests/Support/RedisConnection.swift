import Glibc
import Synchronization
import TestSupport

/// A connection to a server, for looking into it: on a plain socket, and independent of the code under test.
///
/// One thing at a time: it does not know which reply belongs to which command.
final class RedisConnection: Sendable {
    struct Lost: Error, CustomStringConvertible {
        let description: String
    }

    private let descriptor: Int32
    private let stream = Mutex(RESPStream())

    /// Connects to a port of the loopback interface.
    init(port: Int) throws {
        descriptor = try Descriptors.connect(port, patience: 10)
    }

    deinit {
        close(descriptor)
    }

    /// Sends a command, and waits for the reply, ten seconds at most.
    @discardableResult
    func command(_ words: [String]) async throws -> Reply {
        try await blocking { [self] in try exchange(words) }
    }

    /// Sends a command, without waiting for its reply.
    func send(_ words: [String]) throws {
        guard Descriptors.send(Self.encode(words), to: descriptor) else {
            throw Lost(description: "the connection is gone before \(words)")
        }
    }

    /// Waits for the next thing that the server says, ten seconds at most.
    func receive() async throws -> Reply {
        try await blocking { [self] in try next() }
    }

    /// As ``command(_:)``, but blocks.
    func exchange(_ words: [String]) throws -> Reply {
        try send(words)
        return try next()
    }

    private func next() throws -> Reply {
        while true {
            if let frame = try stream.withLock({ try $0.next() }) { return frame.value }
            let bytes = Descriptors.receive(from: descriptor)
            guard !bytes.isEmpty else { throw Lost(description: "no reply: errno \(errno)") }
            stream.withLock { $0.append(bytes) }
        }
    }

    /// A command as bytes.
    static func encode(_ words: [String]) -> [UInt8] {
        var text = "*\(words.count)\r\n"
        for word in words { text += "$\(word.utf8.count)\r\n\(word)\r\n" }
        return Array(text.utf8)
    }
}
