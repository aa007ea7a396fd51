import DistributedLocks
import Testing

@testable import ZooKeeperLocks

@Suite struct SessionWatchTests {
    private typealias Script = SessionScript

    /// Asks for a watch, which is answered with the next number.
    private static func watch(
        _ script: inout Script,
        _ xid: Int32,
        _ operation: Operation,
        _ watcher: String,
        _ error: ServerError = .ok
    ) {
        _ = script.submit(0, operation, watcher)
        _ = script.reply(xid, error, zxid: 50) { bytes in
            guard error == .ok else { return }
            switch operation {
            case .getData:
                bytes.writeJute([UInt8]())
                bytes.writeStat()
            case .exists: bytes.writeStat()
            default: bytes.writeJute(Int32(0))
            }
        }
    }

    /// The paths that are watched again on the next connection.
    private static func rewatched(_ script: Script) -> WatchPaths? {
        var script = script
        _ = script.reconnect()
        guard case .setWatches(50, let paths)? = script.greet(script.machine.session?.id ?? 0).first else { return nil }
        return paths
    }

    @Test func `What is watched depends on what was asked and answered`() {
        let cases: [(Operation, ServerError, WatchPaths?)] = [
            (.getData(path: "/a", watch: true), .ok, WatchPaths(data: ["/a"])),
            (.getData(path: "/a", watch: false), .ok, nil), (.getData(path: "/a", watch: true), .noNode, nil),
            (.exists(path: "/a", watch: true), .ok, WatchPaths(data: ["/a"])),
            (.exists(path: "/a", watch: true), .noNode, WatchPaths(exists: ["/a"])),
            (.exists(path: "/a", watch: true), .throttled, nil), (.exists(path: "/a", watch: false), .noNode, nil),
            (.getChildren(path: "/a", watch: true), .ok, WatchPaths(children: ["/a"])),
            (.getChildren(path: "/a", watch: true), .noNode, nil),
            (.addWatch(path: "/a", isRecursive: false), .ok, WatchPaths(persistent: ["/a"])),
            (.addWatch(path: "/a", isRecursive: true), .ok, WatchPaths(persistentRecursive: ["/a"])),
            (.addWatch(path: "/a", isRecursive: true), .unimplemented, nil),
        ]
        for (operation, error, paths) in cases {
            var script = Script()
            script.attach()
            Self.watch(&script, 1, operation, "me", error)
            #expect(Self.rewatched(script) == paths, "\(operation) \(error)")
        }
    }

    @Test func `A watch fires once, for everybody`() {
        var script = Script()
        script.attach()
        Self.watch(&script, 1, .getData(path: "/a", watch: true), "me")
        Self.watch(&script, 2, .getData(path: "/a", watch: true), "you")
        let event = WatchEvent(kind: .deleted, path: "/a")
        #expect(script.event(2, "/a") == [.notify("me", event), .notify("you", event)])
        #expect(script.event(2, "/a").isEmpty && Self.rewatched(script) == nil)
        #expect(script.machine.lastZxid == 50)
    }

    @Test func `Nobody is told before the watch is known to be set, and whoever is not interested any more`() {
        var script = Script()
        script.attach()
        _ = script.submit(0, .getData(path: "/a", watch: true), "me")
        #expect(script.event(2, "/a").isEmpty)
        Self.watch(&script, 1, .getData(path: "/a", watch: true), "me")
        script.machine.forget("me", at: "/a")
        #expect(script.event(2, "/a").isEmpty)
    }

    @Test func `Events that nobody has asked for, and kinds that nobody knows`() {
        var script = Script()
        script.attach()
        for kind in [-1, 1, 2, 3, 4, 5, 6, 7, 8, Int32.min] { #expect(script.event(kind, "/a").isEmpty) }
        guard case .attached = script.machine.phase else { Issue.record("not attached"); return }
        _ = script.reply(Xid.event)
        guard case .pausing = script.machine.phase else { Issue.record("half an event"); return }
    }

    @Test func `Below a chroot paths are those that the user knows`() {
        var options = Script.options
        options.chroot = Chroot("/app")
        var script = Script(options)
        script.attach()
        Self.watch(&script, 1, .getData(path: "/a", watch: true), "me")
        #expect(Self.rewatched(script) == WatchPaths(data: ["/app/a"]))
        #expect(script.event(3, "/app/a") == [.notify("me", WatchEvent(kind: .dataChanged, path: "/a"))])
    }

    @Test func `A watch is set again with what was seen before, and fires on the new connection`() {
        var script = Script()
        script.attach()
        Self.watch(&script, 1, .getData(path: "/a", watch: true), "me")
        _ = script.reconnect()
        #expect(script.greet().first == .setWatches(since: 50, WatchPaths(data: ["/a"])))
        #expect(script.reply(Xid.setWatches, zxid: 0).isEmpty)
        #expect(script.event(2, "/a") == [.notify("me", WatchEvent(kind: .deleted, path: "/a"))])
    }

    @Test func `If watches cannot be set again, the connection is of no use`() {
        var script = Script()
        script.attach()
        Self.watch(&script, 1, .getData(path: "/a", watch: true), "me")
        _ = script.reconnect()
        _ = script.greet()
        #expect(script.reply(Xid.setWatches, .noAuth) == [.disconnect(2), .detached])
        #expect(Self.rewatched(script) != nil)
    }

    @Test func `Very many watches go in portions that servers take`() {
        var script = Script()
        script.attach()
        let name = String(repeating: "n", count: 1_000)
        for xid in 1...400 { Self.watch(&script, Int32(xid), .getData(path: "/\(xid)\(name)", watch: true), "me") }
        _ = script.reconnect()
        let portions = script.greet().compactMap { if case .setWatches(50, let paths) = $0 { paths.data } else { nil } }
        #expect(portions.count > 1)
        #expect(Set(portions.joined()) == Set((1...400).map { "/\($0)\(name)" }) && portions.joined().count == 400)
        for portion in portions {
            #expect(portion.reduce(0) { $0 + $1.utf8.count + 4 } <= SessionScript.Machine.watchPortion)
        }
    }

    @Test func `What was seen while only a part of the watches was set does not count for the others`() {
        var script = Script()
        script.attach()
        let name = String(repeating: "n", count: SessionScript.Machine.watchPortion - 10)
        for xid in 1...2 { Self.watch(&script, Int32(xid), .getData(path: "/\(xid)\(name)", watch: true), "me") }
        func since(_ lines: [SessionLine]) -> [Int64] {
            lines.compactMap { if case .setWatches(let since, _) = $0 { since } else { nil } }
        }
        _ = script.reconnect()
        #expect(since(script.greet()) == [50, 50])
        _ = script.reply(Xid.setWatches, zxid: 100)
        _ = script.reconnect()
        #expect(since(script.greet()) == [50, 50])
        for _ in 1...2 { _ = script.reply(Xid.setWatches, zxid: 110) }
        _ = script.submit((1, .sync(path: "/")))
        _ = script.reply(3, zxid: 120) { $0.writeJute("/") }
        _ = script.reconnect()
        #expect(since(script.greet()) == [120, 120])
    }

    @Test func `The watches of another session are not set again`() {
        var script = Script()
        script.attach()
        Self.watch(&script, 1, .getData(path: "/a", watch: true), "me")
        _ = script.reconnect()
        #expect(script.deny().contains(.notify("me", nil)))
        _ = script.open()
        #expect(script.greet(78).count == 1)
    }
}
