import NIOCore
import Testing

@testable import RedisLocks

@Suite("A server cannot make a client keep more than the limits allow")
struct RESPLimitTests {
    /// A value just within a limit, one just beyond, and what is said about that.
    static let cases: [(RESPLimits, String, String, RESPProtocolError)] = [
        (RESPLimits(depth: 2), "*1\r\n*1\r\n:1\r\n", "*1\r\n*1\r\n*1\r\n:1\r\n", .tooDeep(limit: 2)),
        (RESPLimits(depth: 1), "*1\r\n:1\r\n", "*1\r\n*0\r\n", .tooDeep(limit: 1)),
        (RESPLimits(depth: 1), "|1\r\n:1\r\n:1\r\n:1\r\n", "|1\r\n:1\r\n*0\r\n:1\r\n", .tooDeep(limit: 1)),
        (RESPLimits(elements: 2), "*2\r\n:1\r\n:1\r\n", "*3\r\n", .tooManyElements(limit: 2)),
        (RESPLimits(elements: 2), "%1\r\n:1\r\n:1\r\n", "%2\r\n", .tooManyElements(limit: 2)),
        (RESPLimits(elements: 2), "*1\r\n*1\r\n:1\r\n", "*1\r\n*2\r\n", .tooManyElements(limit: 2)),
        (RESPLimits(elements: 3), "*1\r\n*1\r\n*1\r\n:1\r\n", "*1\r\n*1\r\n*2\r\n", .tooManyElements(limit: 3)),
        (RESPLimits(elements: 2), "|1\r\n:1\r\n:1\r\n:1\r\n", "|1\r\n:1\r\n:1\r\n*1\r\n", .tooManyElements(limit: 2)),
        (
            RESPLimits(bytes: 12), "$5\r\n12345\r\n+\(String(repeating: "x", count: 9))\r\n", "$7\r\n",
            .tooManyBytes(limit: 12)
        ),
        (RESPLimits(bytes: 12), "*1\r\n$2\r\n12\r\n", "*1\r\n$3\r\n", .tooManyBytes(limit: 12)),
        (RESPLimits(bytes: 12), "*2\r\n:1\r\n:1\r\n", "*2\r\n:1\r\n:12", .tooManyBytes(limit: 12)),
        (RESPLimits(bytes: 12), "|0\r\n|0\r\n:1\r\n", "|0\r\n|0\r\n|0\r\n|", .tooManyBytes(limit: 12)),
        (RESPLimits(line: 5), "+1234\r\n:1234\r\n", "+12345", .lineTooLong(limit: 5)),
        (RESPLimits(line: 5), "$1\r\n1\r\n", "$00001", .lineTooLong(limit: 5)),
        (RESPLimits(), "", "$67108865\r\n", .tooManyBytes(limit: 64 << 20)),
        (RESPLimits(), "", "$9223372036854775807\r\n", .tooManyBytes(limit: 64 << 20)),
        (RESPLimits(), "", "*9223372036854775807\r\n", .tooManyElements(limit: 1_000_000)),
        (RESPLimits(), "", "%4611686018427387903\r\n", .tooManyElements(limit: 1_000_000)),
        (RESPLimits(), "", "*1000000\r\n*1\r\n", .tooManyElements(limit: 1_000_000)),
        (RESPLimits(), "", String(repeating: "*1\r\n", count: 17), .tooDeep(limit: 16)),
        (RESPLimits(), "", "+" + String(repeating: "x", count: 65_536), .lineTooLong(limit: 65_536)),
    ]

    @Test("each limit, at the announcement and however it is cut", arguments: cases.indices)
    func limit(_ index: Int) {
        let (limits, good, bad, error) = Self.cases[index]
        let fine = Decoding(good, limits: limits)
        #expect(fine.failure == nil)
        #expect(fine.rest == 0)
        for size in bad.utf8.count > 100 ? [bad.utf8.count, 4_096] : [bad.utf8.count, 1, 2, 3] {
            #expect(Decoding(Array(bad.utf8).pieces(of: size), limits: limits).failure == error)
            #expect(Decoding(Array((good + bad).utf8).pieces(of: size), limits: limits).failure == error)
        }
    }

    @Test("the limits count for each value anew")
    func manyValues() {
        let one = "*1\r\n|1\r\n:1\r\n:1\r\n:1\r\n"
        let decoding = Decoding(
            String(repeating: one, count: 100),
            limits: RESPLimits(depth: 2, bytes: one.utf8.count, elements: 3, line: 2)
        )
        #expect(decoding.failure == nil)
        #expect(decoding.values.count == 100)
    }

    @Test("an announcement takes no room")
    func announcements() throws {
        var decoder = RESPDecoder()
        for _ in 0..<16 { decoder.append(ByteBuffer(string: "*62500\r\n")) }
        #expect(try decoder.next() == nil)
        #expect(decoder.reservedElements < 16 * 100)
        decoder.append(ByteBuffer(string: "$60000000\r\n"))
        #expect(try decoder.next() == nil)
        #expect(decoder.bufferCapacity < 1_000)
    }

    @Test("what has been read is let go")
    func buffers() throws {
        var decoder = RESPDecoder()
        let reply = "$10\r\n0123456789\r\n"
        var largest = 0
        // Reads that never end where a value does.
        decoder.append(ByteBuffer(string: "$10\r\n01234"))
        for _ in 0..<10_000 {
            #expect(try decoder.next() == nil)
            decoder.append(ByteBuffer(string: "56789\r\n\(reply)$10\r\n01234"))
            #expect(try decoder.next() == .text("0123456789"))
            #expect(try decoder.next() == .text("0123456789"))
            largest = max(largest, decoder.bufferCapacity)
        }
        #expect(largest < 1_000)
        decoder.append(ByteBuffer(string: "56789\r\n"))
        #expect(try decoder.next() != nil)
        #expect(try decoder.next() == nil)
        #expect(decoder.bufferCapacity == 0)
    }

    @Test("a long array in many reads is not read again from its start")
    func longArray() throws {
        let count = 200_000
        var decoder = RESPDecoder()
        decoder.append(ByteBuffer(string: "*\(count)\r\n"))
        for number in 0..<count {
            #expect(try decoder.next() == nil)
            decoder.append(ByteBuffer(string: ":\(number)\r\n"))
            // What has been understood is gone: there is nothing that could be read again.
            if decoder.bufferedBytes > 20 { Issue.record("\(decoder.bufferedBytes) bytes are kept") }
        }
        #expect(try decoder.next() == .array((0..<count).map { .integer(Int64($0)) }))
    }
}
