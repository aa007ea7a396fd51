import DistributedLocks

extension RESPError {
    /// Whether the server cannot answer at the moment, but will without anybody's help.
    var isTransient: Bool {
        switch code {
        case "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN": true
        default: false
        }
    }

    /// What went wrong inside of a script: Redis 6 puts `ERR Error running script (…): @user_script:1: -` before it.
    /// Any other error as it is.
    var insideScript: RESPError {
        guard code == "ERR", message.hasPrefix("Error running script") else { return self }
        if let range = message.firstRange(of: ": -") {
            return RESPError(text: String(message[range.upperBound...]))
        }
        guard let range = message.firstRange(of: "The user executing the script can't") else { return self }
        return RESPError(code: code, message: String(message[range.lowerBound...]))
    }

    /// Whether the server only follows another one (any more).
    var isReadOnly: Bool { code == "READONLY" }

    /// What a user is told.
    ///
    /// - Parameters:
    ///   - store: The label of the store.
    ///   - activity: What was being done.
    /// - Returns: An error that says what somebody can do about it.
    func lockError(store: String, doing activity: String) -> LockError {
        switch code {
        case "NOAUTH":
            .denied(
                store: store,
                reason: "it wants a user or password (\(self)); name them, the password best by password-file"
            )
        case "WRONGPASS":
            .denied(store: store, reason: "the user name or the password is wrong, or the user is disabled")
        case "NOPERM",
            _
        where message.hasPrefix("ACL failure in script") || message.hasPrefix("The user executing the script can't"):
            .denied(store: store, reason: "\(activity): \(message); see the access rules in the documentation")
        case "READONLY":
            .unreachable(store: store, reason: "it is a read-only replica")
        case "OOM":
            .storeFailed(store: store, reason: "it is out of memory (\(message)); give it more, or let it evict")
        case "MISCONF":
            .storeFailed(store: store, reason: "it refuses writes since it cannot save its data (\(message))")
        case "NOREPLICAS":
            .storeFailed(store: store, reason: "it refuses writes since it has too few replicas")
        case "MOVED", "ASK", "CROSSSLOT":
            .unsupported(store: store, feature: "servers that are part of a cluster")
        case _ where isTransient:
            .unreachable(store: store, reason: "it cannot answer now (\(self))")
        case _ where message.contains("max number of clients"):
            .unreachable(store: store, reason: "it has no room for another client (\(message))")
        default:
            .storeFailed(store: store, reason: "\(activity): \(self)")
        }
    }
}
