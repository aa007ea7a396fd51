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
        sha1: "71b67606c3e9e5135a323c9aad8d559319f8eeee"
    )
    /// Gives the lock back, or leaves the queue.
    static let release = Script(
        "release",
        PackageResources.release_lua,
        sha1: "fef07307625ffc1e9801986025d0c95ee6093537"
    )
    /// Confirms that waiters are still there.
    static let beat = Script(
        "beat",
        PackageResources.beat_lua,
        sha1: "96d8380be1e18246b573a6b2cab1679659fe1f84"
    )
    /// Extends leases.
    static let renew = Script(
        "renew",
        PackageResources.renew_lua,
        sha1: "e6ec05038faacae784b480fb6f5fdb6ddfeff83d"
    )
    /// Tells who holds and who waits.
    static let status = Script(
        "status",
        PackageResources.status_lua,
        sha1: "ab6aa91f447017b08e3cfc32700a31f9a510a1ea"
    )
    /// Takes the lock away from its holder.
    static let force = Script(
        "force",
        PackageResources.force_lua,
        sha1: "47e459d52a253017b64cf864166efd0b1373aea3"
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
