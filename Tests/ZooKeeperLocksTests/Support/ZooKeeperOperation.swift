/// What a client asks for, or what a server sends: the numbers of the protocol, as far as tests name them.
enum ZooKeeperOperation: Int32, Sendable {
    case notification = 0
    case create = 1
    case delete = 2
    case exists = 3
    case getData = 4
    case setData = 5
    case getChildren = 8
    case sync = 9
    case ping = 11
    case getChildren2 = 12
    case check = 13
    case multi = 14
    case create2 = 15
    case removeWatches = 18
    case createContainer = 19
    case createTTL = 21
    case auth = 100
    case setWatches = 101
    case sasl = 102
    case setWatches2 = 105
    case addWatch = 106
    case closeSession = -11
    /// The first frame of a connection. The protocol has no number for it.
    case handshake = -1000
    /// Any other.
    case other = -1001
}
