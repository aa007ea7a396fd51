/// A frame on its way through a ``ZooKeeperProxy``, with as much of it as tests ask for.
struct ZooKeeperFrame: Sendable {
    /// With the length before it.
    let bytes: [UInt8]
    /// Without the length.
    var body: ArraySlice<UInt8> { bytes.dropFirst(4) }

    init(body: [UInt8]) {
        bytes = Self.bytes(of: UInt32(body.count)) + body
    }

    /// Takes the next frame from the beginning of what has been received; `nil` if it is not complete.
    init?(takingFrom received: inout [UInt8]) {
        guard let length = Self.number(received.prefix(4)), received.count >= 4 + length else { return nil }
        bytes = Array(received.prefix(4 + length))
        received.removeFirst(4 + length)
    }

    /// A 32-bit number at a place in the body; `nil` if it is too short.
    func int(at place: Int) -> Int32? {
        guard body.count >= place + 4, let number = Self.number(body.dropFirst(place).prefix(4)) else { return nil }
        return Int32(truncatingIfNeeded: number)
    }

    /// A 64-bit number at a place in the body; `nil` if it is too short.
    func long(at place: Int) -> Int64? {
        guard let high = int(at: place), let low = int(at: place + 4) else { return nil }
        return Int64(high) << 32 | Int64(UInt32(bitPattern: low))
    }

    /// A text (a length and the bytes) at a place in the body.
    func text(at place: Int) -> String? {
        guard let length = int(at: place), length >= 0, body.count >= place + 4 + Int(length) else { return nil }
        return String(decoding: body.dropFirst(place + 4).prefix(Int(length)), as: UTF8.self)
    }

    /// The same frame with another 64-bit number at a place in its body.
    func replacing(longAt place: Int, with value: Int64) -> ZooKeeperFrame {
        var body = Array(body)
        guard body.count >= place + 8 else { return self }
        let bits = UInt64(bitPattern: value)
        body.replaceSubrange(place..<place + 8, with: (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) })
        return ZooKeeperFrame(body: body)
    }

    private static func number(_ bytes: some Collection<UInt8>) -> Int? {
        bytes.count == 4 ? bytes.reduce(0) { $0 << 8 | Int($1) } : nil
    }

    private static func bytes(of number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }
}
