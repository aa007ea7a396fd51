public import DistributedLocks

/// Where the Redis server is, and how to talk to it.
public struct RedisConfiguration: Hashable, Sendable {
    /// Any number of hosts, which are tried in turn until a writable server answers, or one socket.
    public var addresses: [RedisAddress]
    /// Who logs in; `nil` if the server asks nobody.
    public var credentials: RedisCredentials?
    /// Which of the server's databases the locks are in.
    public var database = 0
    /// How connections are encrypted; `nil` if they are not.
    public var tls: RedisTLS?
    /// What the server calls this client in its list of clients. No spaces or control characters.
    public var clientName = "dlock"
    /// Is put before every name, so that several applications can share a server.
    public var keyPrefix = ""
    /// How long it may take until a server is connected and has accepted the credentials.
    public var connectTimeout: Duration = .seconds(5)
    /// An answer that takes longer counts as lost.
    public var requestTimeout: Duration = .seconds(5)
    /// How many replicas have to acknowledge a grant and every renewal.
    public var requiredReplicas = 0
    /// How long they have for it; less than ``requestTimeout``.
    public var replicaTimeout: Duration = .seconds(1)
    /// How much is kept in memory.
    public var limits = RedisLimits()

    /// The longest ``keyPrefix``, in bytes of UTF-8.
    public static let maximumPrefixLength = 256
    /// The longest ``clientName``, in bytes.
    public static let maximumClientNameLength = 256

    /// Everything else as it usually is.
    public init(addresses: [RedisAddress] = [.host("localhost", port: RedisAddress.defaultPort)]) {
        self.addresses = addresses
    }

    /// How long one attempt to connect may take: of several hosts each gets its share, so that one that does not answer does not
    /// keep requests from the next.
    var attemptTimeout: Duration {
        addresses.count == 1 ? connectTimeout : min(connectTimeout, requestTimeout / (addresses.count + 1))
    }

    /// Checks what can be checked without asking anybody and without reading files.
    ///
    /// - Throws: `LockError.invalid` that says what is wrong and what would be right.
    public func validate() throws(LockError) {
        try validateAddresses()
        try credentials?.validate()
        try tls?.validate()
        try limits.validate()
        try validateTimes()
        guard (0...Int(Int32.max)).contains(database) else {
            throw .invalid("the database of Redis is a number from 0 to \(Int32.max)")
        }
        guard (1...Self.maximumClientNameLength).contains(clientName.utf8.count),
            clientName.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .invalid(
                "client-name has 1 to \(Self.maximumClientNameLength) letters, digits or signs of ASCII, and no spaces"
            )
        }
        guard keyPrefix.utf8.count <= Self.maximumPrefixLength else {
            throw .invalid("prefix has at most \(Self.maximumPrefixLength) bytes")
        }
    }

    private func validateAddresses() throws(LockError) {
        guard !addresses.isEmpty else { throw .invalid("name a Redis server: redis://host") }
        for address in addresses { try address.validate() }
        guard Set(addresses).count == addresses.count else { throw .invalid("a Redis server is named more than once") }
        let sockets = addresses.count { if case .unixSocket = $0 { true } else { false } }
        guard sockets == 0 || addresses.count == 1 else {
            throw .invalid("name one socket, or any number of hosts: redis+unix:///run/redis.sock or redis://host,host")
        }
        guard sockets == 0 || tls == nil else {
            throw .invalid("there is no TLS on a socket of this machine; leave it out, or name a host: rediss://host")
        }
    }

    private func validateTimes() throws(LockError) {
        let times = [
            ("connect-timeout", connectTimeout), ("timeout", requestTimeout), ("replica-timeout", replicaTimeout),
        ]
        for (name, time) in times {
            // The least that the server's own timeouts can express.
            guard time >= .milliseconds(1), time <= .seconds(86_400) else {
                throw .invalid("\(name) is between 1ms and 1d")
            }
        }
        guard (0...1_000).contains(requiredReplicas) else {
            throw .invalid("replicas is the number of replicas that have to acknowledge, from 0 to 1000")
        }
        guard requiredReplicas == 0 || replicaTimeout < requestTimeout else {
            throw .invalid(
                "replica-timeout (\(replicaTimeout.writtenText)) has to be shorter than timeout (\(requestTimeout.writtenText))"
            )
        }
    }
}

extension RedisConfiguration: CustomStringConvertible {
    /// The ``label``.
    public var description: String { label }
}
