import NIOCore
import Testing

@testable import RedisLocks

@Suite("Commands as they are sent")
struct RedisCommandTests {
    private func encoded(_ command: RedisCommand) -> String {
        var buffer = ByteBuffer()
        command.write(into: &buffer)
        return String(buffer: buffer)
    }

    @Test("an array of bulk strings")
    func words() {
        #expect(encoded(RedisCommand("PING")) == "*1\r\n$4\r\nPING\r\n")
        let command = RedisCommand("SET", "käy", .bytes(ByteBuffer(bytes: [13, 10])), 17, "", "PX", -1)
        let expected = "*7\r\n$3\r\nSET\r\n$4\r\nkäy\r\n$2\r\n\r\n\r\n$2\r\n17\r\n$0\r\n\r\n$2\r\nPX\r\n$2\r\n-1\r\n"
        #expect(encoded(command) == expected)
        #expect(command.count == 7)
    }

    @Test("word by word, it is the same")
    func appending() {
        var command = RedisCommand("SET", capacity: 0)
        command.append("käy")
        command.append([13, 10] as [UInt8])
        command.append(17)
        command.append(ByteBuffer())
        command.append("PX")
        command.append(-1)
        #expect(encoded(command) == encoded(RedisCommand("SET", "käy", "\r\n", 17, "", "PX", -1)))
    }

    @Test(
        "numbers of every length",
        arguments: [0, 1, 9, 10, 11, 99, 100, 12_345, 999_999_999_999, .max, .max - 1, .min, -1, -9, -10] as [Int64]
    )
    func numbers(_ number: Int64) {
        let digits = "\(number)"
        #expect(encoded(RedisCommand("A", .integer(number))) == "*2\r\n$1\r\nA\r\n$\(digits.count)\r\n\(digits)\r\n")
    }

    @Test("long words, and many of them", arguments: [9, 10, 99, 100, 70_000])
    func long(_ count: Int) {
        var command = RedisCommand("A", capacity: 16)
        command.append(String(repeating: "x", count: count))
        for _ in 0..<count { command.append("y") }
        let text = encoded(command)
        #expect(text.hasPrefix("*\(count + 2)\r\n$1\r\nA\r\n$\(count)\r\nxxxxxxxxx"))
        #expect(Decoding(text).values.count == 1)
    }

    @Test("commands follow each other in a buffer, and are read as what they say")
    func several() {
        var buffer = ByteBuffer(string: "+x\r\n")
        RedisCommand("A", "b", 1).write(into: &buffer)
        RedisCommand("C").write(into: &buffer)
        let expected: [RESPValue] = [
            .text("x"), .array([.text("A"), .text("b"), .text("1")]), .array([.text("C")]),
        ]
        #expect(Decoding(Array(buffer.readableBytesView)).values == expected)
    }

    @Test("arguments are not shown")
    func secrets() {
        let command = RedisCommand("AUTH", "secret")
        #expect("\(command)" == "AUTH")
        var text = String(reflecting: command)
        dump(command, to: &text)
        #expect(!text.contains("secret") && !text.contains("736563"))
    }
}
