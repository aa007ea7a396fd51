import DistributedLocksTesting
import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct FrameDecoderTests {
    static let stream = wire("00000003 'abc' 00000000 00000001 ff 00000005 '12345'")
    static let frames = [wire("'abc'"), [], [255], wire("'12345'")]

    @Test func `Frames come out whole, wherever the stream is cut in two`() {
        for index in 0...Self.stream.count {
            let framing = Framing(Self.stream.cut(at: index))
            #expect(framing.frames == Self.frames, "cut at \(index)")
            #expect(framing.failure == nil && framing.rest == 0)
        }
    }

    @Test func `Frames come out whole, wherever the stream is cut in three`() {
        let stream = Self.stream
        for first in 0...stream.count {
            for second in first...stream.count {
                let framing = Framing([stream[..<first], stream[first..<second], stream[second...]])
                #expect(framing.frames == Self.frames, "cut at \(first) and \(second)")
            }
        }
    }

    @Test func `Frames come out whole in reads of any size`() {
        for size in 1...Self.stream.count {
            #expect(Framing(Self.stream.pieces(of: size)).frames == Self.frames, "reads of \(size)")
        }
    }

    @Test func `A frame that has not all arrived waits`() {
        for count in 1..<9 {
            let framing = Framing(Array(wire("00000005 '12345'").prefix(count)))
            #expect(framing.frames.isEmpty && framing.failure == nil)
            #expect(framing.rest == count)
        }
    }

    @Test func `A frame as large as the limit is one, and a larger one is refused at its length`() {
        #expect(Framing(wire("00000003 'abc'"), limit: 3).frames == [wire("'abc'")])
        let large = Framing(wire("00000001 'a' 00000004"), limit: 3)
        #expect(large.frames == [wire("'a'")])
        #expect(large.failure == .badFrame(length: 4, limit: 3))
        #expect(Framing(wire("00000000 00000001"), limit: 0).failure == .badFrame(length: 1, limit: 0))
    }

    @Test(arguments: [("ffffffff", -1), ("80000000", Int32.min), ("7fffffff", .max), ("'HTTP'", 0x4854_5450)])
    func `Lengths that cannot be are refused`(_ digits: String, _ length: Int32) {
        let framing = Framing(wire(digits))
        #expect(framing.failure == .badFrame(length: length, limit: 1 << 20))
    }

    @Test func `Nothing comes out after a length that cannot be`() {
        let framing = Framing((wire("ffffffff") + Self.stream).pieces(of: 1))
        #expect(framing.frames.isEmpty)
        #expect(framing.failure == .badFrame(length: -1, limit: 1 << 20))
    }

    @Test func `What is kept does not grow with what has passed`() throws {
        var decoder = FrameDecoder(limit: 1_000)
        for round in 0..<2_000 {
            decoder.append(ByteBuffer(bytes: frame("'0123456789' 00")[(round == 0 ? 0 : 3)...]))
            #expect(try decoder.next()?.readableBytes == 11)
            decoder.append(ByteBuffer(bytes: [0, 0, 0]))
            #expect(try decoder.next() == nil)
            #expect(decoder.pending == 3)
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `Random frames, cut at random`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let frames = (0..<Int.random(in: 0...8, using: &random)).map { _ in
            (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
        let stream = frames.flatMap(counted)
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        while start < stream.count {
            let end = min(stream.count, start + Int.random(in: 1...20, using: &random))
            pieces.append(stream[start..<end])
            start = end
        }
        let framing = Framing(pieces)
        #expect(framing.frames == frames)
        #expect(framing.failure == nil && framing.rest == 0)
    }
}
