#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What one session tells another, or itself, through its named pipe: always 32 bytes, which the system writes whole or
/// not at all.
package struct WakeMessage: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// Look at what there is to do.
        case look = 1
        /// The waiter has been granted, with the token.
        case granted = 2
        /// The holder, whose token is given, has been cut off.
        case revoked = 3
        /// The waiter has to watch other sessions than before.
        case recheck = 4
        /// The file of the name that the holder or waiter is concerned with is about to be changed by force.
        case review = 5
    }

    package let kind: Kind
    package let owner: OwnerID
    package let token: FencingToken

    package static let size = 32
    private static let magic = [UInt8]("dlockw1".utf8)

    package init(_ kind: Kind, owner: OwnerID, token: FencingToken = FencingToken(rawValue: 0)) {
        self.kind = kind
        self.owner = owner
        self.token = token
    }

    /// Wakes a session's thread, nothing more.
    static let look = WakeMessage(.look, owner: OwnerID(high: 0, low: 0))

    /// The thirty-two bytes.
    package var bytes: [UInt8] {
        var bytes = Self.magic + [kind.rawValue]
        for number in [owner.high, owner.low, token.rawValue] { bytes.append(number: number) }
        return bytes
    }

    /// Reads a message; `nil` if it is none.
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.count == Self.size, bytes.starts(with: Self.magic) else { return nil }
        var reader = ByteReader(bytes.dropFirst(Self.magic.count))
        guard let kind = Kind(rawValue: (try? reader.number()) ?? 0), let high = try? reader.number(UInt64.self),
            let low = try? reader.number(UInt64.self), let token = try? reader.number(UInt64.self)
        else { return nil }
        self.init(kind, owner: OwnerID(high: high, low: low), token: FencingToken(rawValue: token))
    }

    /// Writes the message into a pipe, unless that is full.
    ///
    /// A message may be dropped then: whoever finds that much in its pipe looks at everything anyway.
    func write(to pipe: Int32) {
        bytes.withUnsafeBytes { buffer in
            _ = try? PlatformErrno.check { writeBytes(pipe, buffer.baseAddress, buffer.count) }
        }
    }

    /// Reads everything that is in `pipe`.
    ///
    /// - Returns: The messages, and how many bytes they were.
    static func drain(_ pipe: Int32, _ buffer: inout [UInt8]) -> (messages: [WakeMessage], byteCount: Int) {
        var messages: [WakeMessage] = []
        var total = 0
        while true {
            let count = buffer.withUnsafeMutableBytes { bytes in
                (try? PlatformErrno.check { read(pipe, bytes.baseAddress, bytes.count) }) ?? 0
            }
            guard count > 0 else { break }
            total += count
            for start in stride(from: 0, to: count, by: size) {
                if let message = WakeMessage(buffer[start..<min(start + size, count)]) { messages.append(message) }
            }
            if count < buffer.count { break }
        }
        return (messages, total)
    }
}

/// `write(2)`, whose name ``WakeMessage/write(to:)`` hides.
private func writeBytes(_ file: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    write(file, start, count)
}
