import DistributedLocksTesting
import Testing

@testable import RedisLocks

@Suite("Random values of the Redis protocol")
struct RESPRandomTests {
    @Test("what is written is read again, whole and in pieces", arguments: 0..<20)
    func roundTrip(_ chunk: UInt64) async {
        for seed in chunk * 250..<(chunk + 1) * 250 {
            await Task.yield()
            var random = SeededGenerator(seed: ~seed)
            var encoder = RESPEncoder(seed: seed)
            let values = (0..<3).map { _ in encoder.value() }
            let whole = Decoding(encoder.bytes)
            #expect(whole.values == values, "seed \(seed)")
            #expect(whole.failure == nil && whole.rest == 0, "seed \(seed)")
            let size = Int.random(in: 1...200, using: &random)
            #expect(Decoding(encoder.bytes.pieces(of: size)) == whole, "seed \(seed), reads of \(size)")
        }
    }

    @Test("all of it happens")
    func variety() {
        var types: Set<UInt8> = []
        for seed in 0..<500 as Range<UInt64> {
            var encoder = RESPEncoder(seed: seed)
            _ = encoder.value()
            encoder.bytes.first.map { _ = types.insert($0) }
        }
        #expect(types == Set("+-:$*_,#!=(%~>|".utf8))
    }
}
