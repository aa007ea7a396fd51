import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct WatchRegistryTests {
    private typealias Registry = WatchRegistry<String>

    private static let interests: [Registry.Interest] = [
        .data, .existence, .children, .persistent, .persistentRecursive,
    ]

    /// With one watcher of each kind at a path, called by its kind.
    private static func full(_ path: String = "/a") -> Registry {
        var registry = Registry()
        for interest in interests { registry.add("\(interest)", interest, at: path) }
        return registry
    }

    @Test func `Which watches an event concerns, and which of them it uses up`() {
        let cases: [(WatchEvent.Kind, told: Set<String>, left: Int)] = [
            (.created, ["data", "existence", "persistent", "persistentRecursive"], 3),
            (.dataChanged, ["data", "existence", "persistent", "persistentRecursive"], 3),
            (.deleted, ["data", "existence", "children", "persistent", "persistentRecursive"], 2),
            (.childrenChanged, ["children", "persistent"], 4),
        ]
        for (kind, told, left) in cases {
            var registry = Self.full()
            #expect(Set(registry.fired(WatchEvent(kind: kind, path: "/a"))) == told, "\(kind)")
            #expect(registry.count == left, "\(kind)")
            let again = registry.fired(WatchEvent(kind: kind, path: "/a"))
            #expect(again.allSatisfy { $0.hasPrefix("persistent") }, "\(kind)")
        }
    }

    @Test func `Events of other nodes tell nobody`() {
        var registry = Registry()
        for interest in Self.interests.dropLast() { registry.add("\(interest)", interest, at: "/a") }
        for path in ["/", "", "/b", "/a/b", "/aa", "a", "//a"] {
            for kind in [WatchEvent.Kind.created, .deleted, .dataChanged, .childrenChanged] {
                #expect(registry.fired(WatchEvent(kind: kind, path: path)).isEmpty)
            }
        }
        #expect(registry.count == 4)
    }

    @Test func `Recursive watches tell of everything below, and not of lists of children`() {
        var registry = Registry()
        registry.add("root", .persistentRecursive, at: "/")
        registry.add("a", .persistentRecursive, at: "/a")
        registry.add("a/b", .persistentRecursive, at: "/a/b")
        let cases = [
            ("/a/b/c/d", ["a/b", "a", "root"]), ("/a/b", ["a/b", "a", "root"]), ("/a", ["a", "root"]), ("/", ["root"]),
            ("/ab", ["root"]), ("", []), ("x", []),
        ]
        for (path, told) in cases {
            for kind in [WatchEvent.Kind.created, .deleted, .dataChanged] {
                #expect(registry.fired(WatchEvent(kind: kind, path: path)) == told, "\(path)")
            }
            #expect(registry.fired(WatchEvent(kind: .childrenChanged, path: path)).isEmpty)
        }
        #expect(registry.count == 3)
    }

    @Test func `Several watchers of a node are told once each`() {
        var registry = Registry()
        for watcher in ["b", "a", "b", "c", "a"] { registry.add(watcher, .data, at: "/a") }
        #expect(registry.count == 1)
        #expect(registry.fired(WatchEvent(kind: .deleted, path: "/a")) == ["b", "a", "c"])
        #expect(registry.count == 0)
    }

    @Test func `Whoever is not interested any more is not told, and others are`() {
        var registry = Self.full()
        registry.add("other", .data, at: "/a")
        registry.add("data", .data, at: "/b")
        for interest in Self.interests { registry.remove("\(interest)", at: "/a") }
        registry.remove("nobody", at: "/a")
        registry.remove("data", at: "/c")
        #expect(registry.fired(WatchEvent(kind: .deleted, path: "/a")) == ["other"])
        #expect(registry.fired(WatchEvent(kind: .deleted, path: "/b")) == ["data"])
        #expect(registry.count == 0 && registry.paths(portion: 1_000).isEmpty)
    }

    @Test func `After the last recursive watch is gone nothing is told of what is below`() {
        var registry = Registry()
        for watcher in ["me", "you"] { registry.add(watcher, .persistentRecursive, at: "/a") }
        registry.add("me", .persistentRecursive, at: "/a/b")
        registry.remove("me", at: "/a/b")
        #expect(registry.fired(WatchEvent(kind: .created, path: "/a/b/c")) == ["me", "you"])
        registry.remove("me", at: "/a")
        #expect(registry.fired(WatchEvent(kind: .created, path: "/a/b/c")) == ["you"])
        registry.remove("you", at: "/a")
        #expect(registry.fired(WatchEvent(kind: .created, path: "/a/b/c")).isEmpty)
    }

    @Test func `The end of a session is told to all, and nothing is left`() {
        var registry = Self.full()
        registry.add("data", .data, at: "/b")
        #expect(registry.removeAll().sorted() == (Self.interests.map { "\($0)" } + ["data"]).sorted())
        #expect(registry.count == 0 && registry.removeAll().isEmpty)
        #expect(registry.fired(WatchEvent(kind: .deleted, path: "/a")).isEmpty)
    }

    @Test func `Everything that is watched is listed by its kind`() {
        let paths = Self.full().paths(portion: 1_000)
        let all = WatchPaths(
            data: ["/a"],
            exists: ["/a"],
            children: ["/a"],
            persistent: ["/a"],
            persistentRecursive: ["/a"]
        )
        #expect(paths == [all])
        #expect(Registry().paths(portion: 1_000).isEmpty)
    }

    @Test func `A path that is larger than a portion goes alone`() {
        var registry = Registry()
        let long = "/" + String(repeating: "a", count: 100)
        for path in [long, "/b", "/c"] { registry.add("me", .data, at: path) }
        let portions = registry.paths(portion: 20).map { $0.data.sorted() }
        #expect(portions.joined().sorted() == [long, "/b", "/c"].sorted())
        #expect(portions.contains([long]) && portions.count <= 3)
    }

    @Test func `Portions have all paths once, and none more than is allowed`() {
        for seed in 0..<100 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var registry = Registry()
            var places: Set<String> = []
            for _ in 0..<Int.random(in: 0...200, using: &random) {
                let path = "/" + String(repeating: "é", count: Int.random(in: 0...30, using: &random))
                let interest = Self.interests.randomElement(using: &random) ?? .data
                registry.add("me", interest, at: path)
                places.insert("\(interest) \(path)")
            }
            let limit = Int.random(in: 70...400, using: &random)
            var listed: [String] = []
            for portion in registry.paths(portion: limit) {
                let lists = [
                    portion.data, portion.exists, portion.children, portion.persistent, portion.persistentRecursive,
                ]
                for (interest, paths) in zip(Self.interests, lists) { listed += paths.map { "\(interest) \($0)" } }
                #expect(lists.joined().reduce(0) { $0 + $1.utf8.count + 4 } <= limit && !portion.isEmpty)
            }
            #expect(Set(listed) == places && listed.count == places.count && registry.count == places.count)
        }
    }

    @Test func `Random changes end as a plain list of watches does`() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var registry = Registry()
            var model: [(watcher: String, interest: Registry.Interest, path: String)] = []
            let paths = ["/", "/a", "/a/b", "/a/b/c", "/b"]
            for _ in 0..<60 {
                let path = paths.randomElement(using: &random) ?? "/"
                let watcher = String(Int.random(in: 0...3, using: &random))
                switch Int.random(in: 0...3, using: &random) {
                case 0, 1:
                    let interest = Self.interests.randomElement(using: &random) ?? .data
                    registry.add(watcher, interest, at: path)
                    if !model.contains(where: { $0 == (watcher, interest, path) }) {
                        model.append((watcher, interest, path))
                    }
                case 2:
                    registry.remove(watcher, at: path)
                    model.removeAll { $0.watcher == watcher && $0.path == path }
                default:
                    let kind = [WatchEvent.Kind.created, .deleted, .dataChanged, .childrenChanged].randomElement(
                        using: &random
                    )
                    let event = WatchEvent(kind: kind ?? .deleted, path: path)
                    let told = model.filter { Self.concerns(event, $0.interest, $0.path) }
                    #expect(registry.fired(event).sorted() == told.map(\.watcher).sorted(), "seed \(seed)")
                    model.removeAll { Self.concerns(event, $0.interest, $0.path) && !Self.stays($0.interest) }
                }
            }
            #expect(registry.removeAll().sorted() == model.map(\.watcher).sorted(), "seed \(seed)")
        }
    }

    private static func stays(_ interest: Registry.Interest) -> Bool {
        interest == .persistent || interest == .persistentRecursive
    }

    private static func concerns(_ event: WatchEvent, _ interest: Registry.Interest, _ path: String) -> Bool {
        switch interest {
        case .data, .existence: event.path == path && event.kind != .childrenChanged
        case .children: event.path == path && (event.kind == .childrenChanged || event.kind == .deleted)
        case .persistent: event.path == path
        case .persistentRecursive:
            event.kind != .childrenChanged && (event.path == path || path == "/" || event.path.hasPrefix(path + "/"))
        }
    }
}
