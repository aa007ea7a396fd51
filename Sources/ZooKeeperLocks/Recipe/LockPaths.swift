import DistributedLocks

/// Which node the contenders of a lock are below.
///
/// Names are escaped, if nothing else is asked for, so that each lock is one node right below the chroot, and none is below
/// another: a `/`, and whatever servers refuse in a path, is written as in a URL (`orders/42` is `/orders%2F42`), and so is each byte
/// that is no UTF-8, since paths are text. A name that needs none of that is its own path, so that every path which other programs
/// use can be addressed with the chroot above it.
struct LockPaths: Hashable, Sendable {
    private let names: ZooKeeperNames
    private let isBelowRoot: Bool

    /// Makes a mapping.
    ///
    /// - Parameters:
    ///   - names: How names become paths.
    ///   - chroot: What the paths are below; below nothing, one name belongs to ZooKeeper itself.
    init(names: ZooKeeperNames, chroot: String) {
        self.names = names
        isBelowRoot = chroot.isEmpty
    }

    /// The path of a lock.
    ///
    /// - Throws: `LockError.invalid` for names that cannot be one.
    func path(of name: LockName) throws(LockError) -> String {
        switch names {
        case .escaped: return "/" + escape(name)
        case .paths:
            guard name.isText else {
                throw .invalid(
                    "\"\(name)\" cannot be a path in ZooKeeper: paths are UTF-8, and it is not (names=escaped takes any bytes)"
                )
            }
            var text = name.text[...]
            if text.first == "/" { text = text.dropFirst() }
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ ZooKeeperPath.isComponent($0) }), !isReserved(parts.first ?? "") else {
                throw .invalid(
                    "\"\(name)\" cannot be a path in ZooKeeper: no empty parts, none that is . or .., not zookeeper at first, and no control characters, emoji or private signs"
                )
            }
            // Such a node would be taken for somebody who waits for the lock above it.
            guard !parts.dropFirst().contains(where: { ContenderName(String($0)) != nil }) else {
                throw .invalid(
                    "\"\(name)\" cannot be a path of a lock in ZooKeeper: below another lock no part may look like one of its contenders (such as lock-0000000005)"
                )
            }
            return "/" + text
        }
    }

    /// The name of the lock at a path below the chroot; `nil` if no name leads there.
    func name(of path: String) -> LockName? {
        // Byte-wise: a name may begin with what joins the slash before it to one character.
        let text = path.utf8.first == UInt8(ascii: "/") ? String(Substring(path.utf8.dropFirst())) : path
        switch names {
        case .paths: return try? LockName(text)
        case .escaped:
            guard let name = try? LockName(bytes: Self.unescape(text)) else { return nil }
            return escape(name).utf8.elementsEqual(text.utf8) ? name : nil
        }
    }

    /// Whether locks can be at several depths.
    var areNested: Bool { names == .paths }

    /// All nodes from the first below the chroot down to `path`.
    static func ancestors(of path: String) -> [String] {
        path.utf8.indices.dropFirst().filter { path.utf8[$0] == UInt8(ascii: "/") }.map { String(path[..<$0]) } + [path]
    }

    /// Whether a node below the chroot is not for us.
    func isReserved(_ component: some StringProtocol) -> Bool { isBelowRoot && component == "zookeeper" }

    private func escape(_ name: LockName) -> String {
        let text = name.text
        if text == "." || text == ".." || isReserved(text) {
            return Self.hex(of: text.utf8.prefix(1)) + text.dropFirst()
        }
        if name.isText, text.utf8.allSatisfy(Self.isPlain) { return text }
        var escaped = ""
        var rest = name.bytes[...]
        while !rest.isEmpty {
            let (character, length) = Self.firstCharacter(of: rest)
            let own = rest.prefix(length)
            if let character, isAllowed(character, at: rest) {
                escaped.unicodeScalars.append(character)
            } else {
                escaped += Self.hex(of: own)
            }
            rest = rest.dropFirst(length)
        }
        return escaped
    }

    /// Whether a character stands for itself, at the beginning of what is left of a name.
    private func isAllowed(_ character: Unicode.Scalar, at bytes: ArraySlice<UInt8>) -> Bool {
        if character == "/" || (character == "%" && Self.isEscape(bytes)) { return false }
        return character.utf16.allSatisfy { ZooKeeperPath.isAllowed($0) }
    }

    /// The character at the beginning, and how many bytes it has; `nil` for bytes that are no UTF-8.
    private static func firstCharacter(of bytes: ArraySlice<UInt8>) -> (character: Unicode.Scalar?, length: Int) {
        var parser = Unicode.UTF8.ForwardParser()
        var input = bytes.makeIterator()
        switch parser.parseScalar(from: &input) {
        case .valid(let encoded): return (Unicode.UTF8.decode(encoded), encoded.count)
        case .error(let length): return (nil, length)
        case .emptyInput: return (nil, 1)
        }
    }

    /// Whether a byte stands for itself wherever it is; others may as well.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "%")
    }

    /// A percent sign stands for itself, unless it would be taken for the start of an escape.
    private static func isEscape(_ bytes: ArraySlice<UInt8>) -> Bool {
        let digits = bytes.dropFirst().prefix(2)
        return digits.count == 2 && digits.allSatisfy { digit($0) != nil }
    }

    private static func hex(of bytes: some Sequence<UInt8>) -> String {
        bytes.reduce(into: "") { text, byte in
            let digits = String(byte, radix: 16, uppercase: true)
            text += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
        }
    }

    private static func unescape(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "%"), isEscape(rest) {
                bytes.append(rest.dropFirst().prefix(2).reduce(0) { $0 << 4 | (digit($1) ?? 0) })
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
                rest = rest.dropFirst()
            }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
