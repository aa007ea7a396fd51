import DistributedLocks
import NetworkSupport

/// What is written into the nodes of a claim, for people and for other clients:
/// `dlock host=web-3 pid=8123 label=nightly since=2026-01-31T12:00:00.123Z time=1769860800123456 owner=…`.
struct NodeText: Hashable, Sendable {
    /// Whose claim it is; `nil` for other programs'.
    let owner: OwnerID?
    /// Who says so.
    let holder: Holder
    /// Whether an operator takes the lock away; see ``revoked(_:)``.
    let isRevoked: Bool

    private static let mark = "dlock"
    private static let revocation = "revoked"

    /// What is written into the node of a holder that is about to be cut off: it is told before anybody else can have the lock.
    static func revoked(_ data: [UInt8]) -> [UInt8] {
        let text = String(decoding: data.prefix(4_096), as: UTF8.self)
        let rest =
            text.hasPrefix(mark + " ") ? String(text.dropFirst(mark.count + 1)) : "label=\(PercentCoding.encode(text))"
        return Array("\(mark) \(revocation) \(rest)".utf8)
    }

    /// What to write.
    static func bytes(_ owner: OwnerID, _ holder: Holder) -> [UInt8] {
        var text = mark
        text.reserveCapacity(256)
        if let host = holder.host { text += " host=\(PercentCoding.encode(host))" }
        if let pid = holder.processID { text += " pid=\(pid)" }
        if let label = holder.label { text += " label=\(PercentCoding.encode(label, also: "/:@,+="))" }
        if let since = holder.waitingSince { text += " since=\(since) time=\(since.microseconds)" }
        text += " owner=\(owner)"
        return Array(text.utf8)
    }

    /// Reads what is in a node, ours or another program's.
    ///
    /// - Parameters:
    ///   - data: The data of the node.
    ///   - stat: When it was made, for those that do not say.
    init(_ data: [UInt8], _ stat: Stat) {
        // Other programs write what they like.
        let text = String(decoding: data.prefix(4_096), as: UTF8.self)
        let words = text.split(separator: " ")
        let made = UnixTime(microseconds: stat.ctime.multipliedReportingOverflow(by: 1_000).partialValue)
        guard words.first == Substring(Self.mark), words.count > 1 else {
            owner = nil
            isRevoked = false
            holder = Holder(label: Self.foreignLabel(text), waitingSince: stat.ctime > 0 ? made : nil)
            return
        }
        isRevoked = words[1] == Self.revocation
        var fields: [Substring: Substring] = [:]
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: "=") else { continue }
            fields[word[..<equals]] = word[word.index(after: equals)...]
        }
        owner = fields["owner"].flatMap { OwnerID($0) }
        holder = Holder(
            host: fields["host"].flatMap { Self.limited(PercentCoding.decode($0)) },
            processID: fields["pid"].flatMap { Int32($0) },
            label: fields["label"].flatMap { Self.limited(PercentCoding.decode($0)) },
            waitingSince: fields["time"].flatMap { Int64($0) }.map { UnixTime(microseconds: $0) } ?? made
        )
    }

    /// Curator writes an address, kazoo what its user wants.
    private static func foreignLabel(_ text: String) -> String {
        let isReadable =
            !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\u{FFFD}" }
        let shown = isReadable ? limited(text, to: 200) : nil
        return shown.map { "another program's lock (\($0))" } ?? "another program's lock"
    }

    private static func limited(_ text: String?, to limit: Int = Holder.maximumLabelLength) -> String? {
        guard var text, !text.isEmpty else { return nil }
        while text.utf8.count > limit { text.removeLast() }
        return text
    }
}
