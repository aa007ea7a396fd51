import DistributedLocks

/// What the key of a lock of ours is set to: the owner, by which it is compared, and for people who holds it.
///
/// `OWNER dlock CLIENT PID SINCE HOST LABEL`; the owner and the client are 32 hexadecimal digits each, the time counts
/// microseconds since 1970, and what is not known is `-`. Other programs compare it as a whole, or not at all. Once the lock has
/// been given back, to be free only later, it is `OWNER later CLIENT …`.
struct LockValue: Hashable, Sendable {
    /// Who holds it.
    let owner: OwnerID
    /// The client that listens on `dlock:CLIENT`.
    let client: OwnerID
    /// Who that is.
    let holder: Holder
    /// Whether the lock has been given back, and stays locked until its key expires: the client will not hand it over.
    var isKept = false
}

extension LockValue {
    /// Reads a value; `nil` for what other programs write.
    init?(_ text: String) {
        // Byte-wise: a label may begin with what joins the space before it to one character.
        let words = text.utf8.split(separator: UInt8(ascii: " "), maxSplits: 6, omittingEmptySubsequences: false)
            .map(Substring.init)
        guard words.count == 7, words[1] == "dlock" || words[1] == "later", let owner = OwnerID(words[0]),
            let client = OwnerID(words[2])
        else {
            return nil
        }
        self.owner = owner
        self.client = client
        isKept = words[1] == "later"
        holder = Holder(
            host: Self.unlessAbsent(words[5].prefix(Holder.maximumLabelLength)),
            processID: Int32(words[3]),
            label: Self.unlessAbsent(words[6].prefix(Holder.maximumLabelLength)),
            waitingSince: Int64(words[4]).map { UnixTime(microseconds: $0) }
        )
    }

    /// Whoever holds a lock, be it ours or not.
    ///
    /// - Parameters:
    ///   - kind: The type of the key.
    ///   - text: Its value.
    ///   - since: When the lock was granted last, by the server's clock in microseconds since 1970; not positive if that is
    ///     not known.
    /// - Returns: What is known; `nil` if nobody holds it.
    static func holder(kind: String, text: String, since: Int64) -> Holder? {
        switch kind {
        case "none": nil
        case "string": LockValue(text)?.holder(since: since) ?? Holder(label: "another program's lock")
        default: Holder(label: "a key of type \(kind)")
        }
    }

    /// The holder, with the time of its grant if that can be one: tokens are such times unless they had to be larger.
    private func holder(since: Int64) -> Holder {
        var holder = holder
        let earliest = holder.waitingSince?.microseconds.subtractingReportingOverflow(Self.clockDifference).partialValue
        if since > 0, since >= earliest ?? 0 { holder.heldSince = UnixTime(microseconds: since) }
        return holder
    }

    /// By how much the clocks of a holder and the server may differ, in microseconds, before nothing is made of both.
    private static let clockDifference: Int64 = 3_600_000_000

    private static func unlessAbsent(_ word: Substring) -> String? {
        word == "-" ? nil : String(word)
    }
}
