import NIOCore

@testable import ZooKeeperLocks

/// What a server knows of one of its connections.
struct FakeConnection {
    /// A request whose answer has to wait, be it for its own sake or for that of those before it.
    struct Pending {
        let xid: Int32
        var request: FakeRequest
        var wait: Wait
    }

    enum Wait {
        /// For nothing but those before it.
        case turn
        /// Until the replica has carried out so many transactions, of which its own is the last.
        case write(Int)
        /// Until the replica has carried out so many transactions.
        case sync(Int)
        /// Until the leader can be reached.
        case leader
    }

    let server: Int
    var decoder: FrameDecoder
    /// 0 until the handshake.
    var session: Int64 = 0
    /// The session timeout in nanoseconds.
    var timeout: Int64 = 0
    var isIntroduced = false
    var identities: [FakeIdentity] = [.local]
    var pending: [Pending] = []
    /// The handshake that waits for the leader, or for its session to arrive here.
    var handshake: (response: ByteBuffer, after: Int)?
    /// A handshake that has not got to the leader.
    var unsentHandshake: FakeHandshake?
    /// Whether what is received and what is to be sent is kept for later.
    var isStalled = false
    /// Whether nothing that is sent arrives any more.
    var isMute = false
    var heldInput: [ByteBuffer] = []
    var heldOutput: [FakeOutput] = []

    init(server: Int, limit: Int) {
        self.server = server
        decoder = FrameDecoder(limit: limit)
    }
}
