import DistributedLocks
import Testing

@Suite("Messages between sessions")
struct WakeMessageTests {
    @Test("survive the round trip, and anything else is none")
    func messages() {
        let message = WakeMessage(.granted, owner: OwnerID(high: 1, low: .max), token: FencingToken(rawValue: 1 << 60))
        #expect(message.bytes.count == WakeMessage.size)
        #expect(WakeMessage(message.bytes[...]) == message)
        #expect(WakeMessage(message.bytes.dropLast()) == nil)
        var other = message.bytes
        other[0] ^= 1
        #expect(WakeMessage(other[...]) == nil)
        other = message.bytes
        other[7] = 99
        #expect(WakeMessage(other[...]) == nil)
    }
}
