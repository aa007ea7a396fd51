import DistributedLocks

/// The first commands on a connection, and what their replies mean.
///
/// All of them leave in one write, so that opening a connection costs one round trip.
struct Handshake: Sendable {
    let configuration: RedisConfiguration
    /// The channel to listen to; `nil` for a connection that only sends commands.
    let channel: String?

    /// One command, and what it is for.
    enum Step: Hashable, Sendable {
        /// Speaks version 3 of the protocol, shows who we are, and says our name.
        case hello
        /// Chooses the database.
        case select
        /// Asks to be told of changes of the keys that we ask to be told of.
        case track
        /// Listens to our channel.
        case subscribe
        /// Finds out now, and not when a lock is handed over, that this user may not publish.
        case probe
    }

    /// What to do, in this order.
    var steps: [Step] {
        var steps: [Step] = [.hello]
        if configuration.database != 0 { steps.append(.select) }
        if channel != nil { steps += [.track, .subscribe, .probe] }
        return steps
    }

    /// The command of a step.
    func command(_ step: Step) -> RedisCommand {
        let channel = channel ?? ""
        return switch step {
        case .hello: hello
        case .select: RedisCommand("SELECT", .integer(Int64(configuration.database)))
        case .track: RedisCommand("CLIENT", "TRACKING", "ON", "OPTIN", "NOLOOP")
        case .subscribe: RedisCommand("SUBSCRIBE", .text(channel))
        case .probe: RedisCommand("PUBLISH", .text(channel), "hello")
        }
    }

    private var hello: RedisCommand {
        var hello = RedisCommand("HELLO", 3)
        if let credentials = configuration.credentials {
            hello.append("AUTH")
            hello.append(credentials.user ?? "default")
            hello.append(credentials.password)
        }
        hello.append("SETNAME")
        hello.append(configuration.clientName)
        return hello
    }

    /// Reads the replies.
    ///
    /// - Parameter replies: One for each of ``steps``.
    /// - Returns: What is known of the server.
    /// - Throws: `LockError` if locks cannot be kept there.
    func evaluate(_ replies: [RESPValue]) throws(LockError) -> ServerProfile {
        var profile = ServerProfile()
        for (step, reply) in zip(steps, replies) {
            switch (step, reply) {
            case (.hello, .error(let error)): throw refusal(of: error)
            case (.hello, _):
                profile = ServerProfile(hello: reply)
                try check(profile)
            case (.track, .error): break
            case (.track, _): profile.tracksKeys = true
            case (_, .error(let error)): throw error.lockError(store: configuration.label, doing: "\(step)")
            default: break
            }
        }
        return profile
    }

    private func check(_ profile: ServerProfile) throws(LockError) {
        switch profile.objection {
        case .unsupported(let reason):
            throw .unsupported(store: configuration.label, feature: "this server: \(reason)")
        case .replica: throw .unreachable(store: configuration.label, reason: "it is a read-only replica")
        case nil: break
        }
    }

    private func refusal(of error: RESPError) -> LockError {
        if error.code == "NOPROTO" || error.message.lowercased().hasPrefix("unknown command") {
            let feature = "this server: it does not speak RESP3 (HELLO 3); Redis 6.2, Valkey or later is needed"
            return .unsupported(store: configuration.label, feature: feature)
        }
        // Some servers and proxies repeat the words of a command that they do not like.
        if let password = configuration.credentials?.password, error.message.contains(password) {
            let text = "refused; its message is not shown, since it has the password in it"
            return RESPError(code: error.code, message: text).lockError(store: configuration.label, doing: "HELLO")
        }
        return error.lockError(store: configuration.label, doing: "HELLO")
    }
}
