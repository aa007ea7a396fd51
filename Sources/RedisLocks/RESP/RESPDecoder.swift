import NIOCore

/// Turns the bytes of a server into values, both of version 2 and 3 of the protocol, however they are cut into reads.
///
/// What has been understood is not looked at again: open aggregates are on a stack, elements are added as they come.
/// Attributes are checked and left out. What is not understood ends it: every later call throws the same error.
struct RESPDecoder: Sendable {
    private let limits: RESPLimits
    private let scanner: RESPScanner
    private var buffer = ByteBuffer()
    /// How many of the readable bytes are known to hold no end of a line.
    private var scanned = 0
    /// From the outermost to the innermost.
    private var open: [OpenAggregate] = []
    /// Of the outermost value.
    private var usedBytes = 0
    private var usedElements = 0
    private var failure: RESPProtocolError?

    init(limits: RESPLimits = .init()) {
        self.limits = limits
        scanner = RESPScanner(lineLimit: limits.line, byteLimit: limits.bytes)
    }

    /// How many bytes wait for those that complete them.
    var bufferedBytes: Int { buffer.readableBytes }
    /// How much room is taken for bytes.
    var bufferCapacity: Int { buffer.storageCapacity }
    /// How many places for elements there are in open aggregates.
    var reservedElements: Int { open.reduce(0) { $0 + $1.elements.capacity } }

    /// Adds what was read from the connection. Ask ``next()`` for values until it has none before adding more: then no
    /// more than one incomplete value is kept.
    mutating func append(_ bytes: ByteBuffer) {
        guard failure == nil else { return }
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else if buffer.readerIndex >= buffer.readableBytes {
            // More is behind us than before us: moving the rest costs less than was read since the last time.
            var moved = ByteBufferAllocator().buffer(capacity: buffer.readableBytes + bytes.readableBytes)
            moved.writeImmutableBuffer(buffer)
            moved.writeImmutableBuffer(bytes)
            buffer = moved
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next value, or `nil` when more bytes are needed.
    ///
    /// - Throws: When the bytes are not the protocol, or more than the limits allow; from then on always.
    mutating func next() throws(RESPProtocolError) -> RESPValue? {
        if let failure { throw failure }
        do {
            return try decode()
        } catch {
            failure = error
            buffer = ByteBuffer()
            open = []
            throw error
        }
    }

    private mutating func decode() throws(RESPProtocolError) -> RESPValue? {
        var scanned = scanned
        defer { self.scanned = scanned }
        while let token = try scanner.scan(buffer.readableBytesUInt8Span, scanned: &scanned, used: usedBytes) {
            scanned = 0
            usedBytes += token.length
            let value = try value(of: token.content)
            buffer.moveReaderIndex(forwardBy: token.length)
            if let value, let outermost = add(value) { return outermost }
        }
        // An idle connection keeps no room, and the channel may use its buffer again.
        if buffer.readableBytes == 0 { buffer = ByteBuffer() }
        return nil
    }

    /// The value that a token makes by itself; `nil` if it only begins one, or makes none.
    private mutating func value(of content: RESPToken.Content) throws(RESPProtocolError) -> RESPValue? {
        switch content {
        case .integer(let number): .integer(number)
        case .string(let range): .string(text(range))
        case .null: .null
        case .boolean(let value): .boolean(value)
        case .double(let value): .double(value)
        case .bigNumber(let range): .bigNumber(String(buffer: slice(range)))
        case .error(let range): .error(RESPError(text: String(buffer: slice(range))))
        case .head(let type, let count): try begin(type, count: count)
        }
    }

    private mutating func begin(_ type: RESPType, count: Int) throws(RESPProtocolError) -> RESPValue? {
        guard type != .push || open.isEmpty else { throw .nestedPush }
        guard open.count < limits.depth else { throw .tooDeep(limit: limits.depth) }
        guard count <= limits.elements - usedElements else { throw .tooManyElements(limit: limits.elements) }
        usedElements += count
        let aggregate = OpenAggregate(type, count: count)
        guard count > 0 else { return aggregate.value }
        open.append(aggregate)
        return nil
    }

    /// Puts a value where it belongs.
    ///
    /// - Returns: The outermost value, if this one completes it.
    private mutating func add(_ value: RESPValue) -> RESPValue? {
        var value = value
        while !open.isEmpty {
            let innermost = open.count - 1
            open[innermost].append(value)
            guard open[innermost].missing == 0 else { return nil }
            // An attribute makes no value: the one that it belongs to is yet to come.
            guard let whole = open.removeLast().value else { return nil }
            value = whole
        }
        usedBytes = 0
        usedElements = 0
        return value
    }

    /// The bytes of a string: a part of the buffer if they are a good deal of it, and else a copy. A few bytes that
    /// somebody keeps should not keep alive all that was read with them.
    private func text(_ range: Range<Int>) -> ByteBuffer {
        let part = slice(range)
        if range.count == 2, part == Self.ok { return Self.ok }
        return range.count >= buffer.storageCapacity / 4 ? part : ByteBuffer(buffer: part)
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    private static let ok = ByteBuffer(string: "OK")
}
