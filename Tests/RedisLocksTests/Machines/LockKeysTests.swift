import DistributedLocks
import DistributedLocksTesting
import Testing

@testable import RedisLocks

@Suite("The keys of a lock")
struct LockKeysTests {
    /// Names of every kind: braces anywhere, what looks like a key of ours, text that joins what stands beside it.
    static let names = [
        "a", "orders/42", "orders/{42}", "{42}", "{a}{b}", "{}", "{}a", "a{}", "a{}{b}", "{", "}", "}{", "{a", "a}",
        "a}b",
        "{{a}}", "{{a}", "}{a}", "fence", ":dlock:fence", "a:dlock:fence", "a:dlock-tag:fence", "a:dlock:queue:",
        "dlock",
        "{a}:dlock:other", "{a}:dlock-tag:", "x{a}:dlock:fence", "{a}:dlock:fencE", "a b", "\n", "\0", "ü", "u\u{308}",
        "\u{301}a", "a\u{200D}", "a\u{600}", "\u{600}", "👩‍👩‍👧", "\u{1F3FB}", "\r", "*", "?", "[a]", "\\", "%",
    ]

    @Test("the lock itself is the prefix and the name, nothing else", arguments: names, ["", "p:", "{p}:", "\u{600}"])
    func lock(_ name: String, _ prefix: String) throws {
        // A name that is refused is a name that stands beside another lock.
        guard LockKeys.lock(besides: KeyBytes(prefix + name)) == nil else {
            #expect(throws: LockError.self) { try LockKeys(LockName(name), prefix: prefix) }
            return
        }
        let keys = try LockKeys(LockName(name), prefix: prefix)
        #expect(keys.lock.bytes == Array(prefix.utf8) + Array(name.utf8))
        #expect(Set(keys.all).count == 4)
        #expect(keys.all.first == keys.lock)
    }

    @Test("from the keys beside it the lock can be told", arguments: names, ["", "p:", "{p}:", "\u{600}"])
    func inverse(_ name: String, _ prefix: String) throws {
        // A name that is refused is a name that stands beside another lock.
        guard LockKeys.lock(besides: KeyBytes(prefix + name)) == nil else {
            #expect(throws: LockError.self) { try LockKeys(LockName(name), prefix: prefix) }
            return
        }
        let keys = try LockKeys(LockName(name), prefix: prefix)
        #expect(LockKeys.lock(besides: keys.lock) == nil)
        for key in keys.all.dropFirst() {
            #expect(LockKeys.lock(besides: key) == keys.lock, "\(key.debugDescription)")
        }
    }

    @Test("names of any bytes are distinct, and are told from the keys beside them", arguments: ["", "p:", "{p}:"])
    func bytes(_ prefix: String) throws {
        let names: [[UInt8]] = [
            [0xFF], [0xFE], [0xFF, 0xFE], [0xC3], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBD],
            [0x7B, 0xFF, 0x7D],
            [0xFF, 0x65], [0x61, 0x00, 0x80],
        ]
        var keys: Set<KeyBytes> = []
        for bytes in names {
            let own = try LockKeys(LockName(bytes: bytes), prefix: prefix)
            #expect(own.lock.bytes == Array(prefix.utf8) + bytes)
            for key in own.all.dropFirst() { #expect(LockKeys.lock(besides: key) == own.lock) }
            keys.formUnion(own.all)
        }
        #expect(keys.count == 4 * names.count)
    }

    @Test("no two locks have a key in common")
    func distinct() throws {
        let keys = try Self.names.flatMap { try LockKeys(LockName($0), prefix: "").all }
        #expect(Set(keys).count == keys.count)
    }

    @Test("random names out of what is special", arguments: 0..<20 as Range<UInt64>)
    func random(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pieces = ["{", "}", ":dlock:", ":dlock-tag:", "fence", "queue", "a", "\u{301}", "\u{600}"]
        var locks: [KeyBytes: KeyBytes] = [:]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 1...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? ""
            }
            let name = try LockName(text.joined())
            guard let keys = try? LockKeys(name, prefix: "") else {
                #expect(LockKeys.lock(besides: KeyBytes(bytes: name.bytes)) != nil)
                continue
            }
            for key in keys.all {
                #expect(
                    locks[key, default: keys.lock] == keys.lock,
                    "shared: \(key.text.debugDescription)"
                )
                locks[key] = keys.lock
            }
            for key in keys.all.dropFirst() {
                #expect(
                    LockKeys.lock(besides: key) == keys.lock,
                    "\(key.debugDescription)"
                )
            }
        }
    }

    @Test(
        "names that are keys beside a lock are refused",
        arguments: [
            "{a}:dlock:fence", "{a}:dlock:waiters", "{a}:dlock:queue", "{a}:dlock-tag:fence", "x{a}:dlock-tag:queue",
            "{a}b:dlock-tag:waiters", "{\u{301}a}:dlock:fence", "{{a}:dlock:fence",
        ]
    )
    func reserved(_ name: String) throws {
        let name = try LockName(name)
        let error = #expect(throws: LockError.self) { try LockKeys(name, prefix: "") }
        guard case .invalid(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("reserved"))
    }

    @Test("they are in the slot of the lock, for names without braces or with a hash tag")
    func slots() throws {
        for name in ["a", "orders/42", "ü", "a:dlock:fence"] {
            for key in try LockKeys(LockName(name), prefix: "").all.dropFirst() {
                #expect(key.text.hasPrefix("{\(name)}"))
            }
        }
        for name in ["{a}", "orders/{42}", "{a}{b}"] {
            for key in try LockKeys(LockName(name), prefix: "").all { #expect(key.text.hasPrefix(name)) }
        }
    }
}
