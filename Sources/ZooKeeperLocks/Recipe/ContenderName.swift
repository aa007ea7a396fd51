/// The name of a node that contends for a lock, written by whichever recipe.
///
/// All recipes let the server add a number from one counter of the parent node, so on one path there is one order. They
/// differ in what comes before the number:
///
/// | recipe | node |
/// |---|---|
/// | Curator, go-zookeeper, .NET | `…lock-0000000007` |
/// | Curator's read/write lock | `…__READ__0000000007`, `…__WRIT__0000000007` |
/// | kazoo | `…__lock__0000000007`, `…__rlock__0000000007` |
/// | ZooKeeper's own recipes | `x-…-0000000007` |
struct ContenderName: Hashable, Sendable {
    /// The name of the node.
    let node: String
    /// What the server has added. It has 32 bits, and becomes negative after the largest.
    let sequence: Int32

    /// Reads a name; `nil` for nodes that are no contenders.
    init?(_ node: String) {
        let bytes = node.utf8
        guard let numberStart = Self.startOfNumber(bytes), let number = Int32(node[numberStart...]) else { return nil }
        let front = bytes[..<numberStart]
        let isTagged = Self.tags.contains { front.ends(with: $0) }
        guard isTagged || (front.starts(with: Self.apache) && front.last == UInt8(ascii: "-")) else { return nil }
        self.node = node
        sequence = number
    }

    private static let tags: [[UInt8]] = ["lock-", "__lock__", "__rlock__", "__READ__", "__WRIT__"].map {
        Array($0.utf8)
    }
    private static let apache = Array("x-".utf8)

    /// Where the digits at the end begin, or the minus sign before them. A hyphen that belongs to what comes before (as in
    /// `lock-0000000005`) is no sign: only after another hyphen or an underscore it is one.
    private static func startOfNumber(_ bytes: String.UTF8View) -> String.Index? {
        var start = bytes.endIndex
        while start > bytes.startIndex {
            let before = bytes.index(before: start)
            guard isDigit(bytes[before]) else { break }
            start = before
        }
        guard start < bytes.endIndex, start > bytes.startIndex else { return nil }
        let sign = bytes.index(before: start)
        guard bytes[sign] == UInt8(ascii: "-"), sign > bytes.startIndex else { return start }
        let before = bytes[bytes.index(before: sign)]
        return before == UInt8(ascii: "-") || before == UInt8(ascii: "_") ? sign : start
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}

extension ContenderName {
    /// What the nodes of one claim have in common, where a claim has two of them: all but the first of the 32 digits that
    /// Curator writes with hyphens and kazoo without. The whole name for nodes of other forms.
    var claim: String {
        let bytes = Array(node.utf8)
        if bytes.starts(with: Self.guarded), bytes.count > 39 {
            let digits = bytes[3..<39].filter { $0 != UInt8(ascii: "-") }
            if digits.count == 32 { return String(decoding: digits.dropFirst(), as: UTF8.self) }
        } else if bytes.count > 34, bytes[32] == UInt8(ascii: "_"), bytes[..<32].allSatisfy({ $0 != UInt8(ascii: "_") })
        {
            return String(decoding: bytes[1..<32], as: UTF8.self)
        }
        return node
    }

    /// Whether a node is one of those that Curator finds again when the answer to their creation was lost.
    static func isGuarded(_ node: String) -> Bool { node.utf8.starts(with: guarded) }

    private static let guarded = Array("_c_".utf8)
}

extension Collection where Element == UInt8, Self: BidirectionalCollection {
    fileprivate func ends(with tail: [UInt8]) -> Bool { reversed().starts(with: tail.reversed()) }
}
