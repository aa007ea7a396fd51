import DistributedLocksTesting
import Foundation
import NIOCore
import Testing

@testable import ZooKeeperLocks

/// Bytes that nobody vouches for: no trap, no more memory than they are worth, and no matter how they are cut.
/// `DLOCK_SEEDS` says how many cases are run, if it is more than the usual number.
@Suite struct JuteFuzzTests {
    private static let chunkSize = 500

    static let chunks: [Range<UInt64>] = {
        let asked = ProcessInfo.processInfo.environment["DLOCK_SEEDS"].flatMap(Int.init) ?? 0
        let count = max(asked, 20_000)
        return stride(from: 0, to: count, by: chunkSize).map { UInt64($0)..<UInt64(min($0 + chunkSize, count)) }
    }()

    /// What servers have sent, and what is none, by the names of their files.
    static let corpus: [(name: String, bytes: [UInt8])] = {
        guard let folder = Bundle.module.resourceURL?.appending(path: "Corpus"),
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return [] }
        return names.filter { $0.hasSuffix(".jute") }.sorted().compactMap { name in
            (try? Data(contentsOf: folder.appending(path: name))).map { (name, Array($0)) }
        }
    }()

    @Test func `The corpus is there, and comes out the same wherever it is cut`() async {
        #expect(Self.corpus.count >= 20)
        for (name, bytes) in Self.corpus {
            let whole = Framing(bytes)
            for index in 0...bytes.count {
                if index % 50 == 0 { await Task.yield() }
                #expect(Framing(bytes.cut(at: index)) == whole, "\(name), cut at \(index)")
            }
            #expect(Framing(bytes.pieces(of: 1)) == whole, "\(name), byte by byte")
        }
        #expect(Set(Self.corpus.compactMap { Framing($0.bytes).failure }).count >= 3)
    }

    @Test func `What servers have sent is understood`() {
        var understood: Set<Int> = []
        for (name, bytes) in Self.corpus {
            for frame in Framing(bytes).frames {
                let understanding = Understanding(ByteBuffer(bytes: frame))
                for (index, reply) in understanding.replies.enumerated() where reply.value != nil {
                    understood.insert(index)
                }
                if name.hasPrefix("connected") || name.hasPrefix("expired") {
                    #expect(understanding.handshake.value?.isExpired == name.hasPrefix("expired"))
                }
            }
        }
        #expect(understood == Set(Understanding.operations.indices))
    }

    @Test func `One byte less, and one byte changed`() async {
        var failures: Set<JuteError> = []
        for (_, bytes) in Self.corpus {
            for frame in Framing(bytes).frames.prefix(6) {
                await Task.yield()
                for index in frame.indices {
                    failures.formUnion(Self.understand(Array(frame[..<index])).failures)
                    var changed = frame
                    changed[index] ^= 0x80
                    failures.formUnion(Self.understand(changed).failures)
                }
            }
        }
        #expect(failures.contains(.truncated) && failures.contains(.notText))
    }

    @Test(arguments: chunks.indices)
    func `Mutations of the corpus, and random frames`(_ chunk: Int) async {
        var (understood, refused) = (0, 0)
        for seed in Self.chunks[chunk] {
            if seed % 20 == 0 { await Task.yield() }
            var random = SeededGenerator(seed: seed)
            let bytes = Self.bytes(&random)
            let limit = Bool.random(using: &random) ? 100 : 1 << 20
            let whole = Framing(bytes, limit: limit)
            let size = Int.random(in: 1...16, using: &random)
            #expect(Framing(bytes.pieces(of: size), limit: limit) == whole, "seed \(seed), reads of \(size)")
            #expect(whole.frames.allSatisfy { $0.count <= limit })
            for frame in whole.frames {
                let understanding = Self.understand(frame)
                understood += understanding.replies.contains { $0.value != nil } ? 1 : 0
                refused += understanding.replies.allSatisfy { $0.value == nil } ? 1 : 0
            }
        }
        if Self.chunks[chunk].count == Self.chunkSize {
            #expect(understood > 50 && refused > 50, "\(understood) make sense, \(refused) do not")
        }
    }

    /// Looks at the memory, too.
    private static func understand(_ frame: [UInt8]) -> Understanding {
        let understanding = Understanding(ByteBuffer(bytes: frame))
        // A child takes four bytes at least, and has room for sixteen; arrays are rounded up.
        #expect(understanding.memory <= 6 * frame.count + 64, "\(frame)")
        return understanding
    }

    private static func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        switch Int.random(in: 0..<10, using: &random) {
        case 0:
            let count = Int.random(in: 0...120, using: &random)
            bytes = counted((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        case 1...3:
            let count = Int.random(in: 0...30, using: &random)
            let fields = (0..<count).flatMap { _ in Self.field(&random) }
            bytes = counted(wire("00000001 0000000000000002 00000000") + fields)
        default:
            bytes = corpus.randomElement(using: &random)?.bytes ?? []
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) { mutate(&bytes, &random) }
        return bytes
    }

    /// Something that could stand in a record.
    private static func field(_ random: inout SeededGenerator) -> [UInt8] {
        let fields = [
            "00000000", "00000001", "ffffffff", "7fffffff", "00000003", "(a)", "(/app/x)", "00", "01", "ffffff9b",
            "ffffffff 01 ffffffff", "00000002 00 00000000", "ffffffff 00 ffffff9b ffffff9b", ReplyTests.statText,
        ]
        return wire(fields.randomElement(using: &random) ?? "")
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let index = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, index + Int.random(in: 0...8, using: &random))
        let odd: [UInt8] = [0, 1, 2, 3, 4, 0x2F, 0x7F, 0x80, 0xFE, 0xFF]
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
