import DistributedLocks

/// How much a store on ZooKeeper keeps in memory, and how much it sends, at the most.
public struct ZooKeeperLimits: Hashable, Sendable {
    /// How many bytes a server may send in one frame; a larger one ends the connection. It limits how many contenders one
    /// lock can have: each takes some 60 bytes in a list.
    public var frameLength: Int
    /// How many requests may wait for their answers at a time. One more fails at once.
    public var outstandingRequests: Int
    /// How many bytes one request may have. Servers end the connection for more than their `jute.maxbuffer`, which is
    /// 1,048,575 if it has not been changed.
    public var requestLength: Int

    /// Sets the limits.
    public init(frameLength: Int = 4 << 20, outstandingRequests: Int = 65_536, requestLength: Int = 1_048_575) {
        self.frameLength = frameLength
        self.outstandingRequests = outstandingRequests
        self.requestLength = requestLength
    }

    /// Checks that one can work within the limits.
    ///
    /// - Throws: `LockError.invalid`.
    func validate() throws(LockError) {
        guard outstandingRequests >= 1 else { throw .invalid("at least one request has to be allowed at a time") }
        guard (1_024...1 << 30).contains(frameLength) else {
            throw .invalid("the limit for what a ZooKeeper server sends at a time is between 1 KiB and 1 GiB")
        }
        guard (4_096...1 << 30).contains(requestLength) else {
            throw .invalid("the limit for a request to ZooKeeper is between 4 KiB and 1 GiB")
        }
    }
}
