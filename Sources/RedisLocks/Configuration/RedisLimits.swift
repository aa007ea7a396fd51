import DistributedLocks

/// How much a store on Redis keeps in memory at the most.
public struct RedisLimits: Hashable, Sendable {
    /// How many requests may wait for their answers at a time. One more fails at once.
    public var outstandingRequests: Int
    /// How many bytes one reply may have; a larger one ends the connection.
    public var replyBytes: Int

    /// Sets the limits.
    public init(outstandingRequests: Int = 65_536, replyBytes: Int = 64 << 20) {
        self.outstandingRequests = outstandingRequests
        self.replyBytes = replyBytes
    }

    /// What the decoder of replies is told.
    var replies: RESPLimits { RESPLimits(bytes: replyBytes) }

    func validate() throws(LockError) {
        guard outstandingRequests >= 1 else { throw .invalid("at least one request has to be allowed at a time") }
        guard (1_024...1 << 30).contains(replyBytes) else {
            throw .invalid("the limit for a reply of Redis is between 1 KiB and 1 GiB")
        }
    }
}
