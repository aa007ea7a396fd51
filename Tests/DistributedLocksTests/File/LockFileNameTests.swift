import DistributedLocks
import Testing

@Suite("Names of lock files")
struct LockFileNameTests {
    private func encode(_ text: String) throws -> String { LockFileName.encode(try LockName(text)) }

    /// Undoes the encoding of names that were not cut.
    private func decode(_ fileName: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = fileName.dropLast(LockFileName.suffix.count)[...]
        while let character = rest.popFirst() {
            if character == "%" {
                bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            } else {
                bytes += Array(String(character).utf8)
            }
        }
        return bytes
    }

    @Test(
        "plain names stay readable, everything else is escaped",
        arguments: [
            ("backup", "backup.lock"), ("a-b_c.9", "a-b_c.9.lock"), ("Backup", "%42ackup.lock"),
            (".", "%2e.lock"), ("..", "%2e..lock"), (".hidden", "%2ehidden.lock"),
            ("../../etc/passwd", "%2e.%2f..%2fetc%2fpasswd.lock"),
            ("a/b", "a%2fb.lock"), ("100%", "100%25.lock"), ("a~b", "a%7eb.lock"), ("x\u{0}y", "x%00y.lock"),
            ("🔒", "%f0%9f%94%92.lock"), ("é", "%c3%a9.lock"), ("e\u{301}", "e%cc%81.lock"), ("a b\n", "a%20b%0a.lock"),
        ]
    )
    func encodes(_ name: String, _ fileName: String) throws {
        #expect(try encode(name) == fileName)
        #expect(decode(fileName) == Array(name.utf8))
    }

    @Test("every single byte and every pair of letters has a file of its own, whatever the case")
    func isInjective() throws {
        var seen: [String: [UInt8]] = [:]
        var names = (UInt8(1)...127).map { [$0] }
        for first in UInt8(1)...127 { for second in UInt8(1)...127 { names.append([first, second]) } }
        for bytes in names {
            let fileName = try encode(String(decoding: bytes, as: UTF8.self))
            #expect(fileName == fileName.lowercased())
            #expect(seen.updateValue(bytes, forKey: fileName) == nil)
            #expect(fileName.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
        }
    }

    @Test("long names are cut, keep a readable beginning, and differ when only their ends do")
    func cutsLongNames() throws {
        let long = String(repeating: "x", count: 1_023)
        let (one, two) = (try encode(long + "1"), try encode(long + "2"))
        #expect(one != two)
        #expect(one.utf8.count < 200 && one.hasPrefix("xxxx") && one.hasSuffix(".lock"))
        #expect(one.contains("~"))
        #expect(try encode(long + "1") == one)
        let fits = String(repeating: "y", count: 200)
        #expect(try encode(fits) == fits + ".lock")
        #expect(try encode(fits + "y").contains("~"))
    }

    @Test("a cut never splits an escape", arguments: 190...205)
    func cutsBetweenEscapes(_ length: Int) throws {
        let name = String(repeating: "a", count: length % 3) + String(repeating: "Ä", count: length)
        let prefix = try encode(name).prefix { $0 != "~" }
        let escapes = prefix.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        #expect(escapes.allSatisfy { $0.count == 2 })
    }

    @Test("no short name can be mistaken for a cut one")
    func cutNamesAreApart() throws {
        let cut = try encode(String(repeating: "z", count: 300)).dropLast(LockFileName.suffix.count)
        #expect(try encode(String(cut)) != cut + LockFileName.suffix)
    }
}
