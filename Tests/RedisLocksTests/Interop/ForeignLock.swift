import DistributedLocks

/// What another program can have put where a lock of ours would be.
enum ForeignLock: String, CaseIterable, Sendable {
    /// A random value that expires, as almost everybody writes it.
    case usual
    /// The same without an expiry.
    case endless
    /// As Redisson writes it: client and thread, and how often it has locked.
    case hash
    case list
    case empty
    /// In our own form, of an owner whose last digit is another.
    case ofOurForm
    /// Nearly in our form: too few digits.
    case nearlyOurForm
    /// Nearly in our form: capital digits.
    case capitals
    /// Nearly in our form: the end is missing.
    case cutOff
    /// A mebibyte of zeros.
    case huge

    /// Puts it in the place of whatever is there.
    ///
    /// - Parameters:
    ///   - key: Where.
    ///   - owner: An owner of ours whom it must not be mistaken for.
    ///   - server: On which server.
    /// - Throws: If the server refuses.
    func put(at key: String, besides owner: OwnerID, on server: TestRedisServer) async throws {
        let connection = try await server.connect()
        try await connection.command(["MULTI"])
        try await connection.command(["DEL", key])
        for command in commands(key, owner) { try await connection.command(command) }
        let reply = try await connection.command(["EXEC"])
        guard case .array(let results) = reply, !results.contains(where: \.isError) else {
            throw TestRedisServer.Failure(description: "\(self): \(reply)")
        }
    }

    private func commands(_ key: String, _ owner: OwnerID) -> [[String]] {
        let client = OwnerID(from: .system)
        let neighbour = OwnerID(high: owner.high, low: owner.low ^ 1)
        let expiry = ["PX", "60000"]
        return switch self {
        case .usual: [["SET", key, "3ac6e0fe-0d5c-4f9f-8a4b-5a3f1f0c7b5d"] + expiry]
        case .endless: [["SET", key, "3ac6e0fe-0d5c-4f9f-8a4b-5a3f1f0c7b5d"]]
        case .hash: [["HSET", key, "3ac6e0fe-0d5c-4f9f-8a4b-5a3f1f0c7b5d:1", "1"], ["PEXPIRE", key, "60000"]]
        case .list: [["RPUSH", key, "\(owner)"]]
        case .empty: [["SET", key, ""]]
        case .ofOurForm: [["SET", key, "\(neighbour) dlock \(client) 1 1700000000000000 elsewhere -"] + expiry]
        case .nearlyOurForm: [["SET", key, "3ac6 dlock 5a3f 1 1700000000000000 elsewhere -"]]
        case .capitals:
            [["SET", key, "\(neighbour) dlock \(client) 1 1700000000000000 elsewhere -".uppercased().replacingDlock]]
        case .cutOff: [["SET", key, "\(neighbour) dlock \(client) 1"]]
        case .huge: [["SETRANGE", key, "1048575", "\0"]]
        }
    }
}

extension String {
    /// Our mark in small letters again.
    fileprivate var replacingDlock: String {
        split(separator: " ").map { $0 == "DLOCK" ? "dlock" : $0 }.joined(separator: " ")
    }
}

extension Reply {
    fileprivate var isError: Bool {
        if case .error = self { true } else { false }
    }
}

/// What a key is, to be compared with what it was.
struct KeySnapshot {
    private let content: Reply
    private let remaining: Int

    /// Takes one.
    init(_ key: String, on server: TestRedisServer) async throws {
        content = try await server.command(["DUMP", key])
        remaining = try await server.command(["PTTL", key]).number ?? -3
    }

    /// Whether it is still what it was: the same content, and as long an expiry, or none.
    func isKept(by later: KeySnapshot) -> Bool {
        content != .null && content == later.content && later.remaining <= remaining
            && (remaining < 0) == (later.remaining < 0)
    }
}
