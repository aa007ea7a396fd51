import DistributedLocks

/// What a session needs to know of the world.
struct SessionOptions: Sendable {
    /// How many servers there are.
    var servers: Int
    /// What to ask for as the session timeout.
    var timeout: Duration
    /// How long one server has to accept a connection and answer the handshake.
    var attemptTimeout: Duration
    /// How long the end of the session may take.
    var closingTimeout = Duration.seconds(2)
    /// What all paths begin with.
    var chroot = Chroot()
    /// What to prove on each connection: a scheme, and a secret in its terms.
    var credentials: [Credential] = []
    /// How many requests may wait for an answer.
    var maximumRequests = 65_536
    /// How large a request may be, in bytes: servers end connections on which a larger one comes.
    var maximumRequestLength = 1_048_575

    /// What proves who we are.
    struct Credential: Sendable {
        let scheme: String
        let secret: [UInt8]
    }
}
