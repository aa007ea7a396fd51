import Foundation
import Glibc
import Synchronization
import TestSupport

/// Looks at the nodes of a server, and changes them, through somebody else's client: see `Peers/inspector.py`.
///
/// It has a session of its own, and connects when it is asked for something. It ends with this object.
final class ZooKeeperInspector: Sendable {
    /// What has gone wrong: kazoo's name for it, such as `NoNodeError`.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    enum Kind: String, Sendable {
        case persistent, ephemeral, container
        case sequential
        case ephemeralSequential = "ephemeral sequential"
    }

    private struct Answer<Value: Decodable>: Decodable {
        var value: Value?
        var error: String?
    }

    private struct Nothing: Decodable {}

    private let child: ChildProgram
    /// Ours of two connected sockets. Who asks has the lock, until the answer is there.
    private let connection: Mutex<Int32>
    private let folder: TemporaryFolder

    /// Starts one.
    ///
    /// - Parameter addresses: The servers (`127.0.0.1:2181,127.0.0.1:2182`).
    /// - Throws: If the program is missing.
    init(_ addresses: String) throws {
        folder = try TemporaryFolder()
        let errors = try Descriptors.appending(to: folder.file("errors"))
        let ends = try Descriptors.pair()
        defer { for descriptor in [errors, ends.theirs] { close(descriptor) } }
        connection = Mutex(ends.ours)
        do {
            let words = try PeerProcess.python("inspector.py") + [addresses]
            child = try ChildProgram(words, input: ends.theirs, output: ends.theirs, errors: errors)
        } catch {
            close(ends.ours)
            throw error
        }
    }

    deinit {
        connection.withLock { _ = close($0) }
    }

    // MARK: Looking

    /// A node; `nil` if there is none.
    func node(_ path: String) async throws -> ZooKeeperNode? { try await ask("node", path) }

    /// The children of a node, by name; none if there is no such node.
    func children(_ path: String) async throws -> [ZooKeeperNode] { try await ask("children", path) ?? [] }

    /// The inspector's own session.
    func session() async throws -> Int64 { try await ask("session") ?? 0 }

    /// Waits until its server knows what any server knew when this was called.
    func sync() async throws { let _: Nothing? = try await ask("sync") }

    /// Sets a watch on the data of a node, of the inspector's own session.
    func watch(_ path: String) async throws { let _: Nothing? = try await ask("watch", path) }

    // MARK: Doing

    /// Makes a node, and those above it.
    ///
    /// - Parameters:
    ///   - path: Its path; the beginning of it, for a sequential one.
    ///   - data: Its data, one byte for each character.
    ///   - kind: What kind of node. What is above a container has to be there.
    /// - Returns: Its path.
    /// - Throws: ``Failure``, such as `NodeExistsError`.
    @discardableResult
    func create(_ path: String, data: String = "", _ kind: Kind = .persistent) async throws -> String {
        try await ask("create", path, data, kind.rawValue, true) ?? ""
    }

    /// Changes the data of a node.
    func set(_ path: String, data: String) async throws { let _: Nothing? = try await ask("set", path, data) }

    /// Deletes a node, with everything below it.
    func delete(_ path: String) async throws { let _: Nothing? = try await ask("delete", path, true) }

    /// From now on, only one user may do anything with a node.
    func protect(_ path: String, user: String, password: String) async throws {
        let _: Nothing? = try await ask("protect", path, user, password)
    }

    /// Ends somebody else's session, as if it had expired. Its connection is cut by that.
    ///
    /// - Parameters:
    ///   - session: The session.
    ///   - password: Its password.
    /// - Throws: ``Failure`` if it has already ended.
    func end(session: Int64, password: [UInt8]) async throws {
        let _: Nothing? = try await ask("end", session, password.map { String(format: "%02x", $0) }.joined())
    }

    // MARK: Asking

    private func ask<Value: Decodable & Sendable>(_ words: any Encodable & Sendable...) async throws -> Value? {
        let request = "[\(try words.map { try Self.text($0) }.joined(separator: ","))]\n"
        let line = try await blocking { [self] in
            connection.withLock { connection in
                Descriptors.send(Array(request.utf8), to: connection) ? Self.line(from: connection) : []
            }
        }
        guard !line.isEmpty else { throw Failure(description: "the inspector has ended: \(folder.text("errors"))") }
        let answer = try JSONDecoder().decode(Answer<Value>.self, from: Data(line))
        if let error = answer.error { throw Failure(description: error) }
        return answer.value
    }

    private static func text(_ word: any Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(word), as: UTF8.self)
    }

    private static func line(from connection: Int32) -> [UInt8] {
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            let bytes = Descriptors.receive(from: connection)
            guard !bytes.isEmpty else { return [] }
            line += bytes
        }
        return line
    }
}
