import NIOCore

@testable import ZooKeeperLocks

/// All that a frame of a server can be taken for.
struct Understanding: Hashable {
    let handshake: Outcome<ConnectResponse>
    let header: Outcome<ReplyHeader>
    let event: Outcome<WatchEvent?>
    /// What follows the header, as the answer to each of ``operations``.
    let replies: [Outcome<Reply>]

    /// What comes out of bytes: a record, or the reason why not.
    enum Outcome<Value: Hashable>: Hashable {
        case value(Value)
        case failure(JuteError)

        init(_ body: () throws(JuteError) -> Value) {
            do throws(JuteError) {
                self = .value(try body())
            } catch {
                self = .failure(error)
            }
        }

        var value: Value? { if case .value(let value) = self { value } else { nil } }
    }

    /// One for each form that an answer can have.
    static let operations: [Operation] = [
        .create(path: "/a", mode: .ephemeralSequential), .create(path: "/a", mode: .container), .delete(path: "/a"),
        .exists(path: "/a"), .getData(path: "/a"), .getChildren(path: "/a"), .sync(path: "/a"),
        .addWatch(path: "/a", isRecursive: false), .multi([.check(path: "/a")]),
        .multi([MultiOperation](repeating: .delete(path: "/a"), count: 3)),
        .multi([MultiOperation](repeating: .delete(path: "/a"), count: 5)),
    ]

    init(_ frame: ByteBuffer) {
        handshake = Outcome { () throws(JuteError) in try ConnectResponse(frame) }
        header = Outcome { () throws(JuteError) in
            var reader = JuteReader(frame)
            return try ReplyHeader(from: &reader)
        }
        event = Outcome { () throws(JuteError) in
            var reader = JuteReader(frame)
            _ = try ReplyHeader(from: &reader)
            return try WatchEvent.read(from: &reader)
        }
        replies = Self.operations.map { operation in
            Outcome { () throws(JuteError) in
                var reader = JuteReader(frame)
                _ = try ReplyHeader(from: &reader)
                return try Reply(to: operation, from: &reader, below: Chroot("/app"))
            }
        }
    }

    /// Why some of it was not understood.
    var failures: Set<JuteError> {
        Set(replies.compactMap { if case .failure(let error) = $0 { error } else { nil } })
    }

    /// How many bytes the values take at the most, as far as a server decides about it.
    var memory: Int {
        let kept = handshake.value.map { $0.password.capacity } ?? 0
        return replies.compactMap(\.value).map(Self.memory).reduce(kept, max)
    }

    private static func memory(_ reply: Reply) -> Int {
        switch reply {
        case .created(let path, _): path.utf8.count
        case .data(let bytes, _): bytes.capacity
        case .children(let names):
            names.reduce(names.capacity * MemoryLayout<String>.stride) { $0 + $1.utf8.count }
        case .results(let results):
            results.reduce(0) { if case .created(let path) = $1 { $0 + path.utf8.count } else { $0 } }
        case .done, .stat: 0
        }
    }
}
