import DistributedLocksTesting
import Foundation
import NIOCore
import Testing

@testable import RedisLocks

/// `DLOCK_SEEDS` says how many cases are run, if it is more than the usual number.
@Suite("Bytes that nobody vouches for: no trap, no more memory than the limits allow, and no matter how they are cut")
struct RESPFuzzTests {
    private static let chunkSize = 500

    static let chunks: [Range<UInt64>] = {
        let asked = ProcessInfo.processInfo.environment["DLOCK_SEEDS"].flatMap(Int.init) ?? 0
        let count = max(asked, 20_000)
        return stride(from: 0, to: count, by: chunkSize).map { UInt64($0)..<UInt64(min($0 + chunkSize, count)) }
    }()

    /// Replies of servers, and of what is none, by the names of their files.
    static let corpus: [(name: String, bytes: [UInt8])] = {
        guard let folder = Bundle.module.resourceURL?.appending(path: "Corpus"),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return [] }
        return names.filter { $0.hasSuffix(".resp") }.sorted().compactMap { name in
            (try? Data(contentsOf: folder.appending(path: name))).map { (name, Array($0)) }
        }
    }()

    /// Small, so that short cases reach them.
    static let limits = RESPLimits(depth: 5, bytes: 600, elements: 60, line: 120)

    @Test("the corpus is there, and comes out the same wherever it is cut")
    func corpusCuts() async {
        #expect(Self.corpus.count >= 20)
        for (name, bytes) in Self.corpus {
            let whole = Decoding(bytes)
            for index in 0...bytes.count {
                if index % 50 == 0 { await Task.yield() }
                #expect(Decoding(bytes.cut(at: index)) == whole, "\(name), cut at \(index)")
            }
            #expect(Decoding(bytes.pieces(of: 1)) == whole, "\(name), byte by byte")
        }
        #expect(Set(Self.corpus.compactMap { Decoding($0.bytes).failure }).count >= 8)
    }

    @Test("mutations of the corpus and random bytes", arguments: chunks.indices)
    func mutations(_ chunk: Int) async {
        var (understood, refused) = (0, 0)
        for seed in Self.chunks[chunk] {
            if seed % 20 == 0 { await Task.yield() }
            var random = SeededGenerator(seed: seed)
            let bytes = Self.bytes(&random)
            let limits = Bool.random(using: &random) ? Self.limits : RESPLimits()
            let whole = Self.feed(bytes.pieces(of: max(bytes.count, 1)), limits)
            let size = Int.random(in: 1...16, using: &random)
            #expect(Self.feed(bytes.pieces(of: size), limits) == whole, "seed \(seed), reads of \(size)")
            understood += whole.values.isEmpty ? 0 : 1
            refused += whole.failure == nil ? 0 : 1
        }
        if Self.chunks[chunk].count == Self.chunkSize {
            #expect(understood > 50 && refused > 50, "\(understood) begin with sense, \(refused) end with nonsense")
        }
    }

    /// Like ``Decoding``, and looks at the memory that is taken after every read.
    private static func feed(_ pieces: [ArraySlice<UInt8>], _ limits: RESPLimits) -> Decoding {
        var decoder = RESPDecoder(limits: limits)
        var decoding = Decoding([])
        var (reserved, buffered, capacity) = (0, 0, 0)
        for piece in pieces {
            decoder.append(ByteBuffer(bytes: piece))
            do throws(RESPProtocolError) {
                while let value = try decoder.next() { decoding.values.append(value.comparable) }
            } catch {
                decoding.failure = error
            }
            reserved = max(reserved, decoder.reservedElements)
            buffered = max(buffered, decoder.bufferedBytes)
            capacity = max(capacity, decoder.bufferCapacity)
        }
        // An element takes two bytes at least; sixteen places are free for each open aggregate, and arrays double.
        let came = pieces.reduce(0) { $0 + $1.count }
        #expect(reserved <= limits.depth * 32 + came)
        #expect(buffered <= min(limits.bytes, came))
        #expect(capacity <= 4 * came + 64)
        decoding.rest = decoder.bufferedBytes
        return decoding
    }

    private static func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let alphabet = Array("+-:$*_,#!=(%~>|\r\n\r\n0123456789?tfe.".utf8)
            for _ in 0..<Int.random(in: 0...80, using: &random) {
                bytes += alphabet.randomElement(using: &random).map { [$0] } ?? []
            }
            return bytes
        case 1...4:
            var encoder = RESPEncoder(seed: random.next())
            for _ in 0..<3 { _ = encoder.value() }
            bytes = Array(encoder.bytes.prefix(400))
        default:
            bytes = corpus.randomElement(using: &random)?.bytes ?? []
        }
        for _ in 0...Int.random(in: 0...3, using: &random) { mutate(&bytes, &random) }
        return bytes
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let index = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, index + Int.random(in: 0...8, using: &random))
        let odd: [UInt8] = [0, 9, 10, 13, 32, 0x2D, 0x30, 0x39, 0x3F, 0x7F, 0x80, 0xFF]
        switch Int.random(in: 0..<7, using: &random) {
        case 0 where index < bytes.count: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where index < bytes.count: bytes[index] = odd.randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(index..<end)
        case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
        case 4: bytes.insert(odd.randomElement(using: &random) ?? 0, at: index)
        case 5: bytes.removeSubrange(end...)
        default: bytes.insert(contentsOf: corpus.randomElement(using: &random)?.bytes ?? [], at: index)
        }
    }
}
