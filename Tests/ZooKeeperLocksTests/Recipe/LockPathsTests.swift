import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import ZooKeeperLocks

@Suite struct LockPathsTests {
    private static let escaped = LockPaths(names: .escaped, chroot: "/locks")
    private static let paths = LockPaths(names: .paths, chroot: "/locks")

    // MARK: Escaped names

    @Test(
        arguments: [
            ("backup", "/backup"), ("orders/42", "/orders%2F42"), ("/", "/%2F"), ("a b", "/a b"), ("100%", "/100%"),
            ("%41", "/%2541"), ("%4", "/%4"), ("%%2F", "/%%252F"), ("%2/", "/%2%2F"), (".", "/%2E"), ("..", "/%2E."),
            ("...", "/..."), (".a", "/.a"), ("zookeeper", "/zookeeper"), ("é", "/é"), ("e\u{301}", "/e\u{301}"),
            ("tab\t", "/tab%09"), ("\u{7F}\u{9F}\u{A0}", "/%7F%C2%9F\u{A0}"), ("🙂", "/%F0%9F%99%82"),
            ("\u{E000}", "/%EE%80%80"), ("\u{FFF0}\u{FFEF}", "/%EF%BF%B0\u{FFEF}"), ("\0", "/%00"),
            ("lock-0000000001", "/lock-0000000001"), ("\u{301}x", "/\u{301}x"),
        ]
    )
    func `The path of a name, and back`(_ name: String, _ path: String) throws {
        let name = try LockName(name)
        #expect(try Self.escaped.path(of: name).utf8.elementsEqual(path.utf8))
        #expect(Self.escaped.name(of: path) == name)
    }

    @Test func `At the root of the servers one name is ZooKeeper's own`() throws {
        let root = LockPaths(names: .escaped, chroot: "")
        #expect(try root.path(of: LockName("zookeeper")) == "/%7Aookeeper")
        #expect(try root.name(of: "/%7Aookeeper") == LockName("zookeeper"))
        #expect(root.name(of: "/zookeeper") == nil && root.isReserved("zookeeper"))
        #expect(try root.path(of: LockName("zookeepers")) == "/zookeepers" && !Self.escaped.isReserved("zookeeper"))
    }

    @Test(arguments: ["/a%2fb", "/%41", "/a%2541%", "/%2E%2E", "/%ff", "/%C3%A9", "/a%00b%2", "/", "/a/b", "/%zz%41"])
    func `A node that no name leads to`(_ path: String) throws {
        let name = Self.escaped.name(of: path)
        if let name { #expect(try Self.escaped.path(of: name) == path) }
        #expect(name == nil || path == "/a%2541%" || path == "/a%00b%2")
    }

    @Test func `A name has one path, which leads back to it, and is one node that servers accept`() throws {
        var random = SeededGenerator(seed: 4)
        var seen: [String: LockName] = [:]
        for chroot in ["", "/locks"] {
            let paths = LockPaths(names: .escaped, chroot: chroot)
            seen = [:]
            for _ in 0..<4_000 {
                let name = try Self.name(&random)
                let path = try paths.path(of: name)
                let component = String(Substring(path.utf8.dropFirst()))
                #expect(paths.name(of: path) == name)
                #expect(path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= 1 + 3 * name.text.utf8.count)
                #expect(ZooKeeperPath.isComponent(component), "\(name)")
                #expect(!component.isEmpty && !paths.isReserved(component))
                #expect(LockPaths.ancestors(of: path).map { Array($0.utf8) } == [Array(path.utf8)])
                if let other = seen.updateValue(name, forKey: Array(path.utf8).description) { #expect(other == name) }
            }
        }
        #expect(seen.count > 3_000)
    }

    @Test(
        arguments: [
            ([0xFF], "/%FF"), ([0x61, 0xFF, 0x62], "/a%FFb"), ([0xC3], "/%C3"), ([0xC3, 0xA9, 0xC3], "/é%C3"),
            ([0x25, 0xFF], "/%%FF"), ([0x25, 0x46, 0x46, 0xFF], "/%25FF%FF"), ([0x25, 0x34, 0xFF], "/%4%FF"),
            ([0xED, 0xA0, 0x80], "/%ED%A0%80"), ([0x2F, 0x80, 0x00], "/%2F%80%00"),
            ([0xF0, 0x9F, 0x99], "/%F0%9F%99"), ([0x2E, 0xFE], "/.%FE"),
        ] as [([UInt8], String)]
    )
    func `The path of a name that is not UTF-8, and back`(_ bytes: [UInt8], _ path: String) throws {
        let name = try LockName(bytes: bytes)
        #expect(try !name.isText && Self.escaped.path(of: name) == path)
        #expect(Self.escaped.name(of: path)?.bytes == bytes)
        #expect(
            try Self.escaped.path(of: LockName(String(path.dropFirst()))) != path,
            "text that looks so is another name"
        )
    }

    @Test func `Names of random bytes have one path each, which leads back to them`() throws {
        var random = SeededGenerator(seed: 6)
        let pieces: [UInt8] = [
            0x25, 0x2F, 0x32, 0x46, 0x61, 0x80, 0xBF, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0xFF, 0,
        ]
        var seen: [String: LockName] = [:]
        for _ in 0..<4_000 {
            let length = Int.random(in: 1...6, using: &random)
            let name = try LockName(bytes: (0..<length).map { _ in pieces.randomElement(using: &random) ?? 0 })
            let path = try Self.escaped.path(of: name)
            #expect(Self.escaped.name(of: path)?.bytes == name.bytes)
            #expect(ZooKeeperPath.isComponent(String(path.dropFirst())), "\(name.bytes)")
            if let other = seen.updateValue(name, forKey: Array(path.utf8).description) { #expect(other == name) }
        }
        #expect(seen.count > 2_000)
    }

    @Test func `A name that is not UTF-8 cannot be a path`() throws {
        let name = try LockName(bytes: [0x61, 0xFF])
        let error = #expect(throws: LockError.self) { try Self.paths.path(of: name) }
        guard case .invalid(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("UTF-8") && reason.contains("names=escaped"))
    }

    @Test func `The longest name`() throws {
        let name = try LockName(String(repeating: "/", count: LockName.maximumLength))
        let path = try Self.escaped.path(of: name)
        #expect(path.utf8.count == 1 + 3 * LockName.maximumLength && Self.escaped.name(of: path) == name)
    }

    @Test func `No lock is below another`() throws {
        var random = SeededGenerator(seed: 5)
        let texts = [
            "a", "a/b", "a%2Fb", "a/", "/a", "/", "a//b", "%", "%2F", "a%", ".", "..", "./a", "../a", "a/..",
            "a/lock-1",
        ]
        let names = try texts.map { try LockName($0) } + (0..<200).map { _ in try Self.name(&random) }
        let paths = try names.map { try Self.escaped.path(of: $0) }
        for path in paths { #expect(path.utf8.filter { $0 == UInt8(ascii: "/") }.count == 1) }
        #expect(Set(paths.map { Array($0.utf8) }).count == Set(names).count)
        #expect(!Self.escaped.areNested)
    }

    /// Short names from pieces that are likely to be confused.
    private static func name(_ random: inout SeededGenerator) throws -> LockName {
        let pieces = [
            "/", "%", "2", "F", "25", "%2F", ".", "..", "a", "é", "e\u{301}", "\u{301}", "🙂", "\u{FFFD}", "\0", "\r\n",
            "zookeeper", "\u{D7FF}", "\u{E000}", "\u{F8FF}", "\u{F900}", "\u{FFEF}", "\u{10FFFF}", "👨‍👩‍👧", "\u{7F}",
            "\u{9F}",
        ]
        var text = ""
        for _ in 0...Int.random(in: 0...5, using: &random) {
            if Bool.random(using: &random) {
                text.unicodeScalars += (pieces.randomElement(using: &random) ?? "").unicodeScalars
            } else if let scalar = Unicode.Scalar(UInt32.random(in: 0...0x2FFFF, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return try LockName(text.isEmpty ? "%" : text)
    }

    // MARK: Names that are paths

    @Test(arguments: [
        ("a", "/a"), ("a/b/c", "/a/b/c"), ("/a/b", "/a/b"), ("zookeeper", "/zookeeper"), ("%2F", "/%2F"), ("é", "/é"),
        ("lock-5", "/lock-5"), ("lock-5/a", "/lock-5/a"), ("a/lock-", "/a/lock-"), ("a/5", "/a/5"),
    ])
    func `A name that is a path`(_ name: String, _ path: String) throws {
        #expect(try Self.paths.path(of: LockName(name)) == path)
        #expect(Self.paths.name(of: path)?.text == (name.hasPrefix("/") ? String(name.dropFirst()) : name))
    }

    @Test(arguments: [
        "/", "//", "//a", "a/", "a//b", "a/./b", "..", "a/..", "🙂", "a/\u{E000}", "tab\t", "a\0", "/\u{301}a",
        "a/\u{301}b", "a/lock-5", "a/_c_1-lock-0000000001/b", "/a/x-1-0000000001", "a/b/c__WRIT__-0000000007",
    ])
    func `A name that cannot be a path`(_ name: String) {
        #expect(throws: LockError.self) { try Self.paths.path(of: LockName(name)) }
    }

    @Test(arguments: ["zookeeper", "/zookeeper", "zookeeper/a", "/zookeeper/config"])
    func `At the root of the servers paths of ZooKeeper's own are refused`(_ name: String) throws {
        #expect(throws: LockError.self) { try LockPaths(names: .paths, chroot: "").path(of: LockName(name)) }
        #expect(try LockPaths(names: .paths, chroot: "").path(of: LockName("a/zookeeper")) == "/a/zookeeper")
    }

    @Test func `All nodes above, from the top`() {
        #expect(LockPaths.ancestors(of: "/a/bé/c") == ["/a", "/a/bé", "/a/bé/c"])
        #expect(LockPaths.ancestors(of: "/a") == ["/a"])
        #expect(Self.paths.areNested)
    }
}
