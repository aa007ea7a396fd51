/// The numbers of the requests (`ZooDefs.OpCode`).
enum OpCode: Int32, Sendable {
    case create = 1
    case delete = 2
    case exists = 3
    case getData = 4
    case setData = 5
    case getChildren = 8
    case sync = 9
    case ping = 11
    case check = 13
    case multi = 14
    case create2 = 15
    case removeWatches = 18
    case createContainer = 19
    case auth = 100
    case setWatches = 101
    case setWatches2 = 105
    case addWatch = 106
    case closeSession = -11
}
