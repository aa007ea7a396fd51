import DistributedLocksTesting
import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct JuteReaderTests {
    private func reader(_ text: String) -> JuteReader { JuteReader(ByteBuffer(bytes: wire(text))) }

    @Test func `Numbers are big-endian`() throws {
        var reader = reader("01020304 fffffffe 0102030405060708 8000000000000000 00 01 02")
        #expect(try reader.readInt() == 0x0102_0304)
        #expect(try reader.readInt() == -2)
        #expect(try reader.readLong() == 0x0102_0304_0506_0708)
        #expect(try reader.readLong() == .min)
        #expect(try !reader.readBool())
        #expect(try reader.readBool())
        #expect(try reader.readBool())
        try reader.finish()
    }

    @Test func `Texts and buffers have their length before them, and minus one for none`() throws {
        var reader = reader("00000003 'k' c3a4 00000000 ffffffff 00000002 00ff 00000000 ffffffff")
        #expect(try reader.readText() == "kä")
        #expect(try reader.readText() == "")
        #expect(try reader.readText() == "")
        #expect(try reader.readBytes() == [0, 255])
        #expect(try reader.readBytes() == [])
        #expect(try reader.readBytes() == [])
        try reader.finish()
    }

    @Test func `A vector has its count before it, and minus one for none`() throws {
        var reader = reader("00000002 00000007 00000008 00000000 ffffffff")
        for expected in [[7, 8], [], []] as [[Int32]] {
            #expect(
                try reader.readVector(smallest: 4) { (reader) throws(JuteError) in try reader.readInt() } == expected
            )
        }
        try reader.finish()
    }

    @Test(arguments: ["", "00", "000102"])
    func `Numbers that end too early`(_ digits: String) {
        var ints = reader(digits)
        #expect(throws: JuteError.truncated) { try ints.readInt() }
        var longs = reader(digits + " 01020304")
        #expect(throws: JuteError.truncated) { try longs.readLong() }
        var bools = reader("")
        #expect(throws: JuteError.truncated) { try bools.readBool() }
    }

    @Test(
        arguments: [("00000002 61", 2), ("fffffffe", -2), ("80000000", .min), ("7fffffff 61", .max)]
            as [(String, Int32)]
    )
    func `Lengths that cannot be`(_ digits: String, _ length: Int32) {
        var texts = reader(digits)
        #expect(throws: JuteError.badLength(length)) { try texts.readText() }
        var buffers = reader(digits)
        #expect(throws: JuteError.badLength(length)) { try buffers.readBytes() }
        var vectors = reader(digits)
        #expect(throws: JuteError.badLength(length)) {
            try vectors.readVector(smallest: 1) { (reader) throws(JuteError) in try reader.readBool() }
        }
    }

    @Test func `A length without all of its bytes is truncated`() {
        var texts = reader("000000")
        #expect(throws: JuteError.truncated) { try texts.readText() }
        var vectors = reader("")
        #expect(throws: JuteError.truncated) {
            try vectors.readVector(smallest: 1) { (reader) throws(JuteError) in try reader.readBool() }
        }
    }

    @Test(arguments: ["ff", "c0af", "eda080", "f4908080", "61c3", "c3 2f", "80"])
    func `Texts that are not UTF-8 are refused`(_ digits: String) {
        var reader = JuteReader(ByteBuffer(bytes: counted(wire(digits)) + wire("'more'")))
        #expect(throws: JuteError.notText) { try reader.readText() }
    }

    @Test func `A vector is refused before there is room for it, if its elements cannot all be there`() {
        var called = 0
        var reader = reader("00000003 00000001 00000002")
        #expect(throws: JuteError.badLength(3)) {
            try reader.readVector(smallest: 4) { (reader) throws(JuteError) -> Int32 in
                called += 1
                return try reader.readInt()
            }
        }
        #expect(called == 0)
    }

    @Test func `What is left over is counted`() throws {
        var reader = reader("00000001 0102")
        _ = try reader.readInt()
        #expect(reader.remaining == 2)
        #expect(throws: JuteError.excess(2)) { try reader.finish() }
    }

    @Test func `What is written is what the format says`() {
        let bytes = ByteBuffer { bytes in
            bytes.writeJute(Int32(-2))
            bytes.writeJute(Int64(0x0102_0304_0506_0708))
            bytes.writeJute(true)
            bytes.writeJute(false)
            bytes.writeJute("kä")
            bytes.writeJute("")
            bytes.writeJute([1, 2] as [UInt8])
            bytes.writeJute([] as [UInt8])
            bytes.writeJute([5, 6] as [Int32]) { number, bytes in bytes.writeJute(number) }
        }
        let expected = """
            fffffffe 0102030405060708 01 00 00000003 'k' c3a4 00000000 00000002 0102 00000000 00000002 00000005 00000006
            """
        #expect(bytes.bytes == wire(expected))
    }

    @Test func `Frames follow each other in a buffer`() {
        let bytes = ByteBuffer { bytes in
            bytes.writeInteger(UInt8(0xAA))
            bytes.writeFrame { $0.writeJute("a") }
            bytes.writeFrame { _ in }
            bytes.writeFrame { $0.writeJute(true) }
        }
        #expect(bytes.bytes == wire("aa 00000005 00000001 'a' 00000000 00000001 01"))
    }

    @Test func `Errors in words`() {
        let errors: [JuteError] = [
            .truncated, .badLength(-7), .notText, .badFrame(length: 9, limit: 8), .excess(3), .badCount(1, of: 2),
            .badResult(8),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        #expect(errors[3].description.contains("9") && errors[3].description.contains("8"))
    }
}
