import NIOCore

/// Takes the fields of records out of a frame, one after the other (jute, the encoding of ZooKeeper and once of Hadoop:
/// numbers are big-endian; texts, buffers and vectors begin with their length, −1 for none).
///
/// No length is believed before the bytes are there, so a frame cannot make it allocate more than a few times its own size.
struct JuteReader: Sendable {
    private var bytes: ByteBuffer

    /// Begins at the front of what is readable.
    init(_ bytes: ByteBuffer) {
        self.bytes = bytes
    }

    /// How many bytes are left.
    var remaining: Int { bytes.readableBytes }

    /// Makes sure that nothing is left.
    func finish() throws(JuteError) {
        guard remaining == 0 else { throw .excess(remaining) }
    }

    mutating func readInt() throws(JuteError) -> Int32 {
        guard let value = bytes.readInteger(as: Int32.self) else { throw .truncated }
        return value
    }

    mutating func readLong() throws(JuteError) -> Int64 {
        guard let value = bytes.readInteger(as: Int64.self) else { throw .truncated }
        return value
    }

    mutating func readBool() throws(JuteError) -> Bool {
        guard let value = bytes.readInteger(as: UInt8.self) else { throw .truncated }
        return value != 0
    }

    /// A text; an absent one is empty.
    mutating func readText() throws(JuteError) -> String {
        let length = try readLength()
        guard length > 0 else { return "" }
        guard let text = try? bytes.readUTF8ValidatedString(length: length) else { throw .notText }
        return text
    }

    /// Bytes; absent ones are empty.
    mutating func readBytes() throws(JuteError) -> [UInt8] {
        let length = try readLength()
        guard length > 0 else { return [] }
        guard let value = bytes.readBytes(length: length) else { throw .truncated }
        return value
    }

    /// A list; an absent one is empty.
    ///
    /// - Parameters:
    ///   - smallest: How many bytes an element has at the least, at least one.
    ///   - readElement: Reads one.
    /// - Returns: The elements.
    /// - Throws: ``JuteError``.
    mutating func readVector<Element>(
        smallest: Int,
        _ readElement: (inout JuteReader) throws(JuteError) -> Element
    ) throws(JuteError) -> [Element] {
        let count = try readInt()
        guard count >= -1, Int(count) * smallest <= remaining else { throw .badLength(count) }
        var elements: [Element] = []
        guard count > 0 else { return elements }
        elements.reserveCapacity(Int(count))
        for _ in 0..<count { elements.append(try readElement(&self)) }
        return elements
    }

    /// The length of what follows, which is there.
    private mutating func readLength() throws(JuteError) -> Int {
        let length = try readInt()
        guard length >= -1, Int(length) <= remaining else { throw .badLength(length) }
        return Int(length)
    }
}
