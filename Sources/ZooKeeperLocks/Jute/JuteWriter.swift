import NIOCore

extension ByteBuffer {
    /// Writes the fields of a record in the encoding that ``JuteReader`` reads.
    mutating func writeJute(_ value: Int32) {
        writeInteger(value)
    }

    mutating func writeJute(_ value: Int64) {
        writeInteger(value)
    }

    mutating func writeJute(_ value: Bool) {
        writeInteger(UInt8(value ? 1 : 0))
    }

    mutating func writeJute(_ text: String) {
        writeInteger(Int32(truncatingIfNeeded: text.utf8.count))
        writeString(text)
    }

    mutating func writeJute(_ value: [UInt8]) {
        writeInteger(Int32(truncatingIfNeeded: value.count))
        writeBytes(value)
    }

    mutating func writeJute<Element>(_ elements: [Element], _ write: (Element, inout ByteBuffer) -> Void) {
        writeInteger(Int32(truncatingIfNeeded: elements.count))
        for element in elements { write(element, &self) }
    }

    /// Writes a frame: the length, and what `body` writes.
    mutating func writeFrame(_ body: (inout ByteBuffer) -> Void) {
        let start = writerIndex
        writeInteger(Int32(0))
        body(&self)
        setInteger(Int32(truncatingIfNeeded: writerIndex - start - 4), at: start)
    }
}
