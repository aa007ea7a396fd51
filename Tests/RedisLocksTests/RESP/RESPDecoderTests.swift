import NIOCore
import Testing

@testable import RedisLocks

@Suite("Values of the Redis protocol")
struct RESPDecoderTests {
    /// Every type of both versions: what a server sends, and what it means.
    static let values: [(String, RESPValue)] = [
        ("+OK\r\n", .text("OK")), ("+\r\n", .text("")), ("+No\r\n", .text("No")), ("+PONG ü\r\n", .text("PONG ü")),
        (":0\r\n", .integer(0)), (":-0\r\n", .integer(0)), (":+12\r\n", .integer(12)), (":007\r\n", .integer(7)),
        (":9223372036854775807\r\n", .integer(.max)), (":-9223372036854775808\r\n", .integer(.min)),
        ("$0\r\n\r\n", .text("")), ("$2\r\nOK\r\n", .text("OK")), ("$4\r\n\r\n\r\n\r\n", .text("\r\n\r\n")),
        ("$-1\r\n", .null), ("*-1\r\n", .null), ("_\r\n", .null),
        ("-ERR it is wrong\r\n", .error(RESPError(code: "ERR", message: "it is wrong"))),
        ("-LOADING\r\n", .error(RESPError(code: "LOADING", message: ""))),
        ("-\r\n", .error(RESPError(code: "", message: ""))),
        ("!9\r\nÜRR a\r\nb\r\n", .error(RESPError(code: "ÜRR", message: "a\r\nb"))),
        ("#t\r\n", .boolean(true)), ("#f\r\n", .boolean(false)),
        (",1.25\r\n", .double(1.25)), (",-10\r\n", .double(-10)), (",1.5e-3\r\n", .double(0.0015)),
        (",1E2\r\n", .double(100)), (",inf\r\n", .double(.infinity)), (",-inf\r\n", .double(-.infinity)),
        ("(-34928903284092385\r\n", .bigNumber("-34928903284092385")), ("(+7\r\n", .bigNumber("+7")),
        ("=8\r\ntxt:some\r\n", .text("some")), ("=4\r\nmkd:\r\n", .text("")),
        ("*0\r\n", .array([])), ("*2\r\n:1\r\n+a\r\n", .array([.integer(1), .text("a")])),
        ("*2\r\n*1\r\n_\r\n*0\r\n", .array([.array([.null]), .array([])])),
        ("~2\r\n:1\r\n:2\r\n", .array([.integer(1), .integer(2)])), ("~0\r\n", .array([])),
        ("%1\r\n+a\r\n:1\r\n", .map([.text("a"), .integer(1)])), ("%0\r\n", .map([])),
        (">2\r\n+message\r\n*0\r\n", .push([.text("message"), .array([])])), (">0\r\n", .push([])),
        ("|1\r\n+ttl\r\n:5\r\n:7\r\n", .integer(7)), ("|0\r\n+x\r\n", .text("x")),
        ("|1\r\n+a\r\n|1\r\n+b\r\n*1\r\n:1\r\n:2\r\n:3\r\n", .integer(3)),
        ("*2\r\n:1\r\n|1\r\n+ttl\r\n*1\r\n:5\r\n:2\r\n", .array([.integer(1), .integer(2)])),
    ]

    @Test("each of them", arguments: values)
    func one(_ text: String, _ value: RESPValue) {
        let decoding = Decoding(text)
        #expect(decoding.values == [value])
        #expect(decoding.failure == nil)
        #expect(decoding.rest == 0)
    }

    @Test("a number that is none is one")
    func notANumber() throws {
        for text in [",nan\r\n", ",-nan\r\n"] { #expect(Decoding(text).values == [.bigNumber("nan")]) }
    }

    @Test("all of them, cut anywhere")
    func cutAnywhere() {
        let bytes = Self.values.flatMap { Array($0.0.utf8) }
        let whole = Decoding(bytes)
        #expect(whole.values == Self.values.map(\.1))
        for index in 0...bytes.count { #expect(Decoding(bytes.cut(at: index)) == whole, "cut at \(index)") }
        for size in 1...9 { #expect(Decoding(bytes.pieces(of: size)) == whole, "reads of \(size)") }
    }

    @Test("a part of a value is no value", arguments: values)
    func incomplete(_ text: String, _ value: RESPValue) {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            let decoding = Decoding(Array(bytes[..<count]))
            #expect(decoding.values.isEmpty && decoding.failure == nil, "the first \(count) bytes")
        }
    }

    @Test(
        "what is no value is refused",
        arguments: [
            ("x\r\n", .unknownType(0x78)), ("\r\n", .unknownType(0x0D)), ("HTTP", .unknownType(0x48)),
            ("$?\r\n", .streamed(type: .bulkString)), ("*?\r\n", .streamed(type: .array)),
            ("%?\r\n", .streamed(type: .map)), (":\r\n", .malformedNumber(type: .integer)),
            (":-\r\n", .malformedNumber(type: .integer)), (":1a\r\n", .malformedNumber(type: .integer)),
            (":--1\r\n", .malformedNumber(type: .integer)), (": 1\r\n", .malformedNumber(type: .integer)),
            (":9223372036854775808\r\n", .malformedNumber(type: .integer)),
            (":-9223372036854775809\r\n", .malformedNumber(type: .integer)),
            (":18446744073709551616\r\n", .malformedNumber(type: .integer)),
            (":99999999999999999999\r\n", .malformedNumber(type: .integer)),
            (":000000000000000000001\r\n", .malformedNumber(type: .integer)),
            ("$\r\n", .malformedNumber(type: .bulkString)), ("*1.0\r\n", .malformedNumber(type: .array)),
            ("%9223372036854775807\r\n", .malformedNumber(type: .map)),
            ("$-2\r\n", .negativeLength(type: .bulkString)), ("*-2\r\n", .negativeLength(type: .array)),
            ("%-1\r\n", .negativeLength(type: .map)), ("=-1\r\n", .negativeLength(type: .verbatimString)),
            ("!-1\r\n", .negativeLength(type: .bulkError)), (">-1\r\n", .negativeLength(type: .push)),
            ("#x\r\n", .malformed(type: .boolean)), ("#tt\r\n", .malformed(type: .boolean)),
            ("#\r\n", .malformed(type: .boolean)), ("_x\r\n", .malformed(type: .null)),
            (",\r\n", .malformedNumber(type: .double)), (",0x10\r\n", .malformedNumber(type: .double)),
            (",1e\r\n", .malformedNumber(type: .double)), (",infinity\r\n", .malformedNumber(type: .double)),
            (",1 \r\n", .malformedNumber(type: .double)), ("(\r\n", .malformedNumber(type: .bigNumber)),
            ("(-\r\n", .malformedNumber(type: .bigNumber)), ("(1x\r\n", .malformedNumber(type: .bigNumber)),
            ("=3\r\ntxt\r\n", .malformed(type: .verbatimString)),
            ("=8\r\ntext:abc\r\n", .malformed(type: .verbatimString)),
            ("+OK\n", .missingLineEnd(type: .simpleString)), ("+OK\rx", .missingLineEnd(type: .simpleString)),
            ("$2\r\nOKAY", .missingLineEnd(type: .bulkString)), ("$2\r\nOK\rx", .missingLineEnd(type: .bulkString)),
            ("*1\r\n>0\r\n", .nestedPush), ("|1\r\n>0\r\n", .nestedPush),
        ] as [(String, RESPProtocolError)]
    )
    func refused(_ text: String, _ error: RESPProtocolError) {
        let bytes = Array(":1\r\n\(text):2\r\n".utf8)
        for size in [bytes.count, 1, 2, 3] {
            let decoding = Decoding(bytes.pieces(of: size))
            #expect(decoding.values == [.integer(1)], "nothing is understood any more after an error")
            #expect(decoding.failure == error)
        }
    }

    @Test("an error tells the type byte at most")
    func descriptions() {
        for text in ["+secret\n", ":secret\r\n", "$secret\r\n", ",secret\r\n", "(secret\r\n", "#secret\r\n", "secret"] {
            let failure = Decoding(text).failure
            #expect(failure != nil)
            #expect("\(String(describing: failure)) \(String(reflecting: failure))".contains("secret") == false)
        }
        #expect(RESPProtocolError.unknownType(72).description.hasPrefix("byte 72 "))
        #expect(RESPProtocolError.malformedNumber(type: .array).description == "an array with a malformed number")
    }

    @Test("a small string does not keep the buffer that it came in, a large one is no copy")
    func sharing() throws {
        let small = try #require(Self.strings(in: "$3\r\nabc\r\n$9000\r\n\(String(repeating: "x", count: 9_000))\r\n"))
        #expect(small.map(\.readableBytes) == [3, 9_000])
        #expect(small[0].storageCapacity < 100)
        #expect(small[1].storageCapacity > 9_016)
    }

    private static func strings(in text: String) -> [ByteBuffer]? {
        Decoding(text).values.map { if case .string(let bytes) = $0 { bytes } else { ByteBuffer() } }
    }

    @Test("a string does not change when more is read")
    func stability() throws {
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: "$8\r\nabcdefgh\r\n$8\r\n1234"))
        let first = try decoder.next()
        decoder.append(ByteBuffer(string: "5678\r\n$8\r\nABCD"))
        let second = try decoder.next()
        decoder.append(ByteBuffer(string: "EFGH\r\n"))
        let third = try decoder.next()
        #expect([first, second, third] == [.text("abcdefgh"), .text("12345678"), .text("ABCDEFGH")])
    }
}
