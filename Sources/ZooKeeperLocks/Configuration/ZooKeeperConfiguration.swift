public import DistributedLocks

/// Where the ZooKeeper servers are, and how to talk to them.
public struct ZooKeeperConfiguration: Hashable, Sendable {
    /// The servers of one ensemble, which are tried in random order until one has accepted the session.
    public var addresses: [ZooKeeperAddress]
    /// The node that all locks are below, such as `/app/locks`; it is created if it is not there. Empty for the root.
    public var chroot = ""
    /// Who authenticates by name and password; `nil` for nobody.
    public var credentials: ZooKeeperCredentials?
    /// How connections are encrypted; `nil` if they are not.
    public var tls: ZooKeeperTLS?
    /// How long the locks of a client outlive it, as it is asked for: servers have limits of their own, 4 to 40 seconds
    /// unless they have been changed, and take the nearest.
    public var sessionTimeout: Duration = .seconds(10)
    /// An answer that takes longer counts as lost.
    public var requestTimeout: Duration = .seconds(5)
    /// Which lock recipe's names the nodes get.
    public var naming = ZooKeeperNaming.curator
    /// What a `/` in the name of a lock means.
    public var names = ZooKeeperNames.escaped
    /// Who may do what with the nodes that are created.
    public var access = ZooKeeperAccess.open
    /// How much is kept in memory, and sent.
    public var limits = ZooKeeperLimits()

    /// What is possible for ``sessionTimeout``.
    public static let sessionTimeouts = Duration.seconds(1)...Duration.seconds(3_600)

    /// Everything else as it usually is.
    public init(addresses: [ZooKeeperAddress] = [ZooKeeperAddress(host: "localhost")]) {
        self.addresses = addresses
    }

    /// How long connecting to one address and the handshake with it may take.
    ///
    /// Each of several addresses gets its share of the time that a request has, and whoever holds a lock gets at least two
    /// attempts within a third of the session timeout; but no attempt has less than half a second, if a request has that much.
    var attemptTimeout: Duration {
        let share = min(sessionTimeout / 6, requestTimeout / (addresses.count + 1))
        return max(share, min(.milliseconds(500), requestTimeout))
    }

    /// Checks what can be checked without asking anybody and without reading files.
    ///
    /// - Throws: `LockError.invalid` that says what is wrong and what would be right.
    public func validate() throws(LockError) {
        guard !addresses.isEmpty else { throw .invalid("name a ZooKeeper server: zookeeper://host") }
        for address in addresses { try address.validate() }
        guard Set(addresses).count == addresses.count else {
            throw .invalid("a ZooKeeper server is named more than once")
        }
        try ZooKeeperPath.validate(chroot: chroot)
        try credentials?.validate()
        try tls?.validate()
        try limits.validate()
        try validateTimes()
        guard access == .open || credentials != nil || tls?.certificateChain != nil else {
            throw .invalid(
                "acl=creator needs somebody who authenticates: zookeeper://user@host with password-file or password-env, or a client certificate (cert, key)"
            )
        }
    }

    private func validateTimes() throws(LockError) {
        guard Self.sessionTimeouts.contains(sessionTimeout) else {
            throw .invalid(
                "session-timeout is between 1s and 1h; servers allow 4s to 40s if they are not told otherwise"
            )
        }
        guard requestTimeout >= .milliseconds(1), requestTimeout <= .seconds(86_400) else {
            throw .invalid("timeout is between 1ms and 1d")
        }
    }
}

extension ZooKeeperConfiguration: CustomStringConvertible {
    /// The ``label``.
    public var description: String { label }
}
