import NIOCore

/// A command, encoded as servers expect it: an array of bulk strings.
///
/// Words are encoded as they are added, straight into the one buffer of the command. The head, which says how many there
/// are, is made when the command is written, and so is always right.
struct RedisCommand: Sendable {
    /// The first word: a literal of this program, and so no secret.
    let name: StaticString
    /// How many words there are, with the name.
    private(set) var count = 0
    private var words: ByteBuffer

    /// Begins a command to which words will be added.
    ///
    /// - Parameters:
    ///   - name: The first word.
    ///   - capacity: How many bytes it will have in the end, about.
    init(_ name: StaticString, capacity: Int) {
        self.name = name
        words = ByteBufferAllocator().buffer(capacity: capacity)
        name.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
    }

    /// A command that is written down at once: `RedisCommand("CONFIG", "GET", "maxmemory")`.
    init(_ name: StaticString, _ words: RedisWord...) {
        self.init(name, capacity: 128)
        for word in words {
            switch word {
            case .text(let text): append(text)
            case .bytes(let bytes): append(bytes)
            case .integer(let number): append(number)
            }
        }
    }

    /// Adds a word: the UTF-8 of `text`.
    mutating func append(_ text: String) {
        let added: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
        if added == nil { append(Array(text.utf8)) }
    }

    /// Adds a word: `bytes` as they are.
    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Adds a word: the readable bytes of `bytes`.
    mutating func append(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { append($0) }
    }

    /// Adds a word: the decimal digits of `number`.
    mutating func append(_ number: Int64) {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var count = 0
            if number < 0 {
                digits[0] = UInt8(ascii: "-")
                count = 1
            }
            Self.write(number.magnitude, to: digits, at: &count)
            append(UnsafeRawBufferPointer(rebasing: digits[..<count]))
        }
    }

    /// Adds the command to what will be sent.
    func write(into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.headRoom) { target in
            Self.writeHead(UInt8(ascii: "*"), UInt64(count), to: target)
        }
        buffer.writeImmutableBuffer(words)
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        count += 1
        words.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count + Self.headRoom + 2) { target in
            let start = Self.writeHead(UInt8(ascii: "$"), UInt64(bytes.count), to: target)
            let end = start + bytes.count
            UnsafeMutableRawBufferPointer(rebasing: target[start..<end]).copyMemory(from: bytes)
            target[end] = Self.carriageReturn
            target[end + 1] = Self.lineFeed
            return end + 2
        }
    }

    /// The type byte, a number and the end of the line.
    ///
    /// - Returns: How many bytes it took; never more than ``headRoom``.
    private static func writeHead(_ type: UInt8, _ number: UInt64, to target: UnsafeMutableRawBufferPointer) -> Int {
        target[0] = type
        var index = 1
        write(number, to: target, at: &index)
        target[index] = carriageReturn
        target[index + 1] = lineFeed
        return index + 2
    }

    /// Writes the digits of `number`, and moves `index` behind them.
    private static func write(_ number: UInt64, to target: UnsafeMutableRawBufferPointer, at index: inout Int) {
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = number
        for place in stride(from: index + digits - 1, through: index, by: -1) {
            target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        index += digits
    }

    /// A type byte, twenty digits and the end of a line.
    private static let headRoom = 23
    private static let carriageReturn: UInt8 = 0x0D
    private static let lineFeed: UInt8 = 0x0A
}

extension RedisCommand: CustomStringConvertible, CustomReflectable {
    /// The first word only: arguments may be secrets.
    var description: String { "\(name)" }
    /// The first word only, here too.
    var customMirror: Mirror { Mirror(self, children: ["name": "\(name)"]) }
}
