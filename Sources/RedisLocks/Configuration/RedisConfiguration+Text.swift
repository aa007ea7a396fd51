import DistributedLocks
import NetworkSupport

extension RedisConfiguration {
    /// Where it is, for messages and metrics: `redis://db1:6379/2`, `rediss://db1:6379,db2:6379`,
    /// `redis+unix:///run/redis.sock`. No user, password or options.
    public var label: String { place(user: "") + (databaseQuery.map { "?\($0)" } ?? "") }

    /// The URL without the password itself, for another process that has the same files and environment variables.
    ///
    /// The user and all options are in it, with where the password is found if that is a file or variable. ``limits`` and
    /// switched-off verification cannot be said in a URL.
    public var publicURL: String {
        let user = credentials?.user.map { PercentCoding.encode($0) + "@" } ?? ""
        let query = ([databaseQuery].compactMap(\.self) + RedisURL.query(options)).joined(separator: "&")
        return place(user: user) + (query.isEmpty ? "" : "?\(query)")
    }

    private func place(user: String) -> String {
        if case .unixSocket(let path) = addresses.first {
            return "redis+unix://\(user)\(PercentCoding.encode(path, also: "/"))"
        }
        let servers = addresses.map { PercentCoding.encode("\($0)", also: ":[]") }.joined(separator: ",")
        return "\(tls == nil ? "redis" : "rediss")://\(user)\(servers)\(database == 0 ? "" : "/\(database)")"
    }

    /// A path cannot be followed by a database.
    private var databaseQuery: String? {
        guard case .unixSocket = addresses.first, database != 0 else { return nil }
        return "db=\(database)"
    }

    /// What differs from what is usual.
    private var options: [(option: RedisOption, value: String?)] {
        let usual = RedisConfiguration()
        var options: [(option: RedisOption, value: String?)] = [
            (.prefix, keyPrefix == usual.keyPrefix ? nil : keyPrefix),
            (.clientName, clientName == usual.clientName ? nil : clientName),
            (.timeout, requestTimeout == usual.requestTimeout ? nil : requestTimeout.writtenText),
            (.connectTimeout, connectTimeout == usual.connectTimeout ? nil : connectTimeout.writtenText),
            (.replicas, requiredReplicas == usual.requiredReplicas ? nil : "\(requiredReplicas)"),
            (.replicaTimeout, replicaTimeout == usual.replicaTimeout ? nil : replicaTimeout.writtenText),
            (.trustRoots, tls?.trustRoots), (.certificateChain, tls?.certificateChain),
            (.privateKey, tls?.privateKey), (.serverName, tls?.serverName),
        ]
        switch credentials?.source {
        case .file(let path): options.append((.passwordFile, path))
        case .variable(let name): options.append((.passwordVariable, name))
        case .given, .fallback, nil: break
        }
        return options
    }
}
