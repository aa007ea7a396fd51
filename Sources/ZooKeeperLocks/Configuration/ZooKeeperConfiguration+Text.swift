import DistributedLocks
import NetworkSupport

extension ZooKeeperConfiguration {
    /// Where it is, for messages and metrics: `zookeeper://zk1:2181,zk2:2181/locks`. No user, password or options.
    public var label: String { place(user: "") }

    /// The URL without the password itself, for another process that has the same files and environment variables.
    ///
    /// The user and all options are in it, with where the password is found if that is a file or variable. ``limits`` and
    /// switched-off verification cannot be said in a URL.
    public var publicURL: String {
        let user = credentials.map { PercentCoding.encode($0.user) + "@" } ?? ""
        let query = ZooKeeperURL.query(options).joined(separator: "&")
        return place(user: user) + (query.isEmpty ? "" : "?\(query)")
    }

    private func place(user: String) -> String {
        let servers = addresses.map { PercentCoding.encode("\($0)", also: ":[]") }.joined(separator: ",")
        let scheme = tls == nil ? ZooKeeperURLDialect.plainScheme : ZooKeeperURLDialect.tlsScheme
        return "\(scheme)://\(user)\(servers)\(PercentCoding.encode(chroot, also: "/"))"
    }

    /// What differs from what is usual.
    private var options: [(option: ZooKeeperOption, value: String?)] {
        let usual = ZooKeeperConfiguration()
        var options: [(option: ZooKeeperOption, value: String?)] = [
            (.sessionTimeout, sessionTimeout == usual.sessionTimeout ? nil : sessionTimeout.writtenText),
            (.timeout, requestTimeout == usual.requestTimeout ? nil : requestTimeout.writtenText),
            (.naming, naming == usual.naming ? nil : naming.rawValue),
            (.names, names == usual.names ? nil : names.rawValue),
            (.access, access == usual.access ? nil : access.rawValue),
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
