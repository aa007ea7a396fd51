/// A script that runs in the server, atomically.
struct Script: Hashable, Sendable {
    /// What it is called here.
    let name: String
    /// The Lua text.
    let source: String
    /// The SHA-1 of the text in hexadecimal, by which a server knows it.
    let sha1: String

    /// Takes the lock, or joins the queue for it.
    static let acquire = Script(
        "acquire",
        PackageResources.acquire_lua,
        sha1: "ad0a5ca2b9fdcad983c0f80fc32176a6353504a2"
    )
    /// Gives the lock back, or leaves the queue.
    static let release = Script(
        "release",
        PackageResources.release_lua,
        sha1: "d6eee5a1bcd459413cbd3cb7fb230f57c382360d"
    )
    /// Confirms that waiters are still there.
    static let beat = Script(
        "beat",
        PackageResources.beat_lua,
        sha1: "5c291cb22f066ca931548f9d928719515bcd6632"
    )
    /// Extends leases.
    static let renew = Script(
        "renew",
        PackageResources.renew_lua,
        sha1: "bb57f38ece10db86ad244e1b7b3b0a9b5a781dd8"
    )
    /// Tells who holds and who waits.
    static let status = Script(
        "status",
        PackageResources.status_lua,
        sha1: "c3256fabcf7a085398b6d9b0b03bf101a1024b61"
    )
    /// Takes the lock away from its holder.
    static let force = Script(
        "force",
        PackageResources.force_lua,
        sha1: "8cfe9b8263d58b0fbcf4f6d2642b140ee8238a61"
    )

    /// All of them.
    static let all = [acquire, release, beat, renew, status, force]

    private init(_ name: String, _ file: [UInt8], sha1: String) {
        self.name = name
        self.sha1 = sha1
        let include = "-- @include queue.lua\n"
        let text = String(decoding: file, as: UTF8.self)
        if let range = text.firstRange(of: include) {
            let queue = String(decoding: PackageResources.queue_lua, as: UTF8.self)
            source = text[..<range.lowerBound] + queue + text[range.upperBound...]
        } else {
            source = text
        }
    }

    /// The command that runs it, up to its keys; keys and arguments are to be added.
    ///
    /// - Parameters:
    ///   - keys: How many keys there are.
    ///   - isKnown: Whether the server has seen the text before, so that its SHA-1 is enough.
    /// - Returns: EVALSHA or EVAL.
    func command(keys: Int, isKnown: Bool) -> RedisCommand {
        var command = RedisCommand(isKnown ? "EVALSHA" : "EVAL", capacity: isKnown ? 512 : 8_192)
        command.append(isKnown ? sha1 : source)
        command.append(Int64(keys))
        return command
    }
}

extension RedisCommand {
    /// Adds the lock and the keys beside it, in the order in which the scripts expect them.
    mutating func append(_ keys: LockKeys) {
        append(keys.lock)
        append(keys.companion(.fence))
        append(keys.companion(.waiters))
        append(keys.companion(.queue))
    }
}
