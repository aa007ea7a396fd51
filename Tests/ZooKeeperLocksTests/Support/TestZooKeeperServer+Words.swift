import Foundation
import Glibc
import TestSupport

/// What a server says of itself, in reply to its four-letter words.
extension TestZooKeeperServer {
    /// What a server is at the moment.
    enum Mode: String, Sendable {
        case standalone, leader, follower
    }

    /// The reply to a word, such as `srvr`, `mntr`, `cons`, `dump`, `wchs`, `wchp`.
    ///
    /// - Parameter word: The word.
    /// - Returns: The reply.
    /// - Throws: If nobody listens, or there is no reply within ten seconds.
    func reply(to word: String) async throws -> String {
        try await blocking { [self] in try ask(word) }
    }

    /// As ``reply(to:)``. Blocks, for that many seconds at most.
    func ask(_ word: String, patience: Int = 10) throws -> String {
        let connection = try Descriptors.connect(port, patience: patience)
        defer { close(connection) }
        _ = Descriptors.send(Array(word.utf8), to: connection)
        var reply: [UInt8] = []
        while true {
            let bytes = Descriptors.receive(from: connection)
            reply += bytes
            guard bytes.isEmpty else { continue }
            guard !reply.isEmpty else { throw Failure(description: "no reply to \(word)") }
            return String(decoding: reply, as: UTF8.self)
        }
    }

    /// What it is at the moment; `nil` if it does not serve. Blocks.
    func mode(patience: Int = 10) throws -> Mode? {
        try field("Mode: ", in: ask("srvr", patience: patience)).flatMap { Mode(rawValue: $0) }
    }

    /// A number out of `mntr`, such as `zk_packets_received`, `zk_num_alive_connections`, `zk_watch_count`,
    /// `zk_ephemerals_count`, `zk_global_sessions`.
    ///
    /// - Parameter name: Its name.
    /// - Returns: The number; 0 if there is none with that name.
    /// - Throws: If nobody listens.
    func number(_ name: String) async throws -> Int {
        field("\(name)\t", in: try await reply(to: "mntr")).flatMap { Int($0) } ?? 0
    }

    /// How many packets it has had from clients so far. The question itself is one of them, and so are pings.
    func packetsReceived() async throws -> Int { try await number("zk_packets_received") }

    /// The sessions that are alive. A follower may not know all of them.
    func sessions() async throws -> Set<Int64> {
        let text = try await reply(to: "dump").components(separatedBy: "ephemeral nodes dump:").first ?? ""
        return Set(text.split(separator: "\n").compactMap { line in line.first == "\t" ? Self.session(line) : nil })
    }

    /// The paths of a session's ephemeral nodes.
    func ephemerals(of session: Int64) async throws -> Set<String> {
        let text = try await reply(to: "dump").components(separatedBy: "ephemeral nodes dump:").last ?? ""
        return paths(of: session, in: text.components(separatedBy: "Connections dump:")[0])
    }

    /// The paths that a session watches: for a change of data, for the node's end or beginning, or for its children.
    func watched(by session: Int64) async throws -> Set<String> {
        paths(of: session, in: try await reply(to: "wchc"))
    }

    /// The sessions that watch a path.
    func watchers(of path: String) async throws -> Set<Int64> {
        let lines = try await reply(to: "wchp").split(separator: "\n")
        return Set(lines.drop { $0 != path }.dropFirst().prefix { $0.hasPrefix("\t") }.compactMap { Self.session($0) })
    }

    /// The lines with paths that follow the one with the session.
    private func paths(of session: Int64, in text: String) -> Set<String> {
        let lines = text.split(separator: "\n").drop { Self.session($0) != session }.dropFirst()
        return Set(lines.prefix { $0.hasPrefix("\t") }.map { String($0.dropFirst()) })
    }

    /// From `0x1000…`, with white space before it and a colon after it; `nil` if that is not what it is.
    private static func session(_ line: Substring) -> Int64? {
        let word = line.drop { $0 == "\t" }
        guard word.hasPrefix("0x") else { return nil }
        return UInt64(word.dropFirst(2).prefix { $0.isHexDigit }, radix: 16).map { Int64(bitPattern: $0) }
    }

    private func field(_ name: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }
}
