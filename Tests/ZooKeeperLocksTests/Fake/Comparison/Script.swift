import DistributedLocksTesting

@testable import ZooKeeperLocks

/// What several clients do, one after the other.
struct Script {
    enum Step {
        case request(client: Int, Operation)
        case control(client: Int, ControlFrame)
        /// The client connects again with its session, and sets these watches, as of so many transactions ago.
        case reconnect(client: Int, ago: Int64, WatchPaths)
        /// The client begins a new session, and leaves the old one alone.
        case restart(client: Int)
    }

    var clients = 3
    var steps: [Step] = []

    init(clients: Int = 3, _ steps: [Step]) {
        self.clients = clients
        self.steps = steps
    }
}

extension Script {
    /// Makes one up.
    init(seed: UInt64, length: Int = 40) {
        var random = ScriptWriter(seed: seed)
        steps = (0..<length).map { _ in random.step() }
    }
}

/// Makes steps up.
struct ScriptWriter {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func step() -> Script.Step {
        let client = number(3)
        switch number(40) {
        case 0: return .reconnect(client: client, ago: Int64(number(6)), watches())
        case 1: return .request(client: client, .closeSession)
        case 2: return .control(client: client, .auth(scheme: "digest", secret: Array("user\(number(2)):x".utf8)))
        case 3: return .control(client: client, .setWatches(since: .max, watches()))
        case 4: return .control(client: client, .auth(scheme: chance(3) ? "wrong" : "digest", secret: []))
        default: return .request(client: client, operation())
        }
    }

    mutating func number(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }

    mutating func chance(_ one: Int) -> Bool { number(one) == 0 }

    private mutating func operation() -> Operation {
        switch number(24) {
        case 0...5: .create(path: newPath(), data: data(), access: access(), mode: mode())
        case 6...8: .delete(path: path(), version: version())
        case 9: .exists(path: path(), watch: chance(2))
        case 10: .exists(path: path(), watch: true)
        case 11, 12: .getData(path: path(), watch: !chance(3))
        case 13, 14: .setData(path: path(), data: data(), version: version())
        case 15, 16: .getChildren(path: path(), watch: !chance(3))
        case 17: .sync(path: path())
        case 18: .addWatch(path: path(), isRecursive: chance(2))
        case 19: .removeWatches(path: path(), removable())
        default: .multi((0..<number(5)).map { _ in part() })
        }
    }

    private mutating func part() -> MultiOperation {
        switch number(8) {
        case 0...2: .create(path: newPath(), data: data(), mode: mode())
        case 3: .delete(path: path(), version: version())
        case 4: .setData(path: path(), data: data(), version: version())
        default: .check(path: path(), version: version())
        }
    }

    private mutating func path() -> String {
        let paths = ["", "/a", "/a", "/b", "/a/a", "/a/b", "/b/a", "/a/n-0000000000", "/n-0000000001", "/none"]
        return paths[number(paths.count)]
    }

    private mutating func newPath() -> String {
        let odd = ["/a/", "/a//b", "/./a", "/a/..", "/a/\u{1}", "/none/a"]
        if chance(12) { return odd[number(odd.count)] }
        let known = path()
        return !known.isEmpty && chance(3)
            ? known : ["/a", "/b", "", "/a/a"][number(4)] + ["/a", "/b", "/n-", "/ä"][number(4)]
    }

    private mutating func mode() -> CreateMode {
        let modes: [CreateMode] = [
            .persistent, .persistent, .ephemeral, .persistentSequential, .ephemeralSequential, .container,
        ]
        return modes[number(modes.count)]
    }

    private mutating func data() -> [UInt8] { [UInt8](repeating: 7, count: number(4)) }

    private mutating func version() -> Int32 { chance(4) ? Int32(number(3)) : -1 }

    private mutating func access() -> [AccessRule] {
        switch number(12) {
        case 0: [.creator]
        case 1: [AccessRule(permissions: [.read, .create], scheme: "world", identity: "anyone")]
        case 2: [AccessRule(permissions: .all, scheme: "digest", identity: "user0:wNVT9GoYcNySlwNLVfBn7gzl6TY=")]
        case 3: chance(3) ? [] : [AccessRule(permissions: .all, scheme: "digest", identity: "nonsense"), .open]
        default: [.open]
        }
    }

    private mutating func removable() -> WatchKind {
        [.children, .data, .any, .any, .persistent][number(5)]
    }

    private mutating func watches() -> WatchPaths {
        var watches = WatchPaths(data: paths(), exists: paths(), children: paths())
        if chance(3) { (watches.persistent, watches.persistentRecursive) = (paths(), paths()) }
        return watches
    }

    private mutating func paths() -> [String] { (0..<number(3)).map { _ in path() } }
}
