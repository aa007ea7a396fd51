import DistributedLocks
import Testing

@testable import RedisLocks

@Suite("Servers that repeat what they do not like")
struct RepeatedPasswordTests {
    @Test("do not bring the password into an error", arguments: ["ERR bad arguments", "DENIED no"])
    func hello(_ text: String) {
        var configuration = RedisConfiguration()
        configuration.credentials = RedisCredentials(password: "open sesame")
        let handshake = Handshake(configuration: configuration, channel: nil)
        let error = RESPError(text: text + ": 'HELLO' '3' 'AUTH' 'default' 'open sesame'")
        let thrown = #expect(throws: LockError.self) { try handshake.evaluate([.error(error)]) }
        #expect(!"\(String(describing: thrown))".contains("sesame"))
        #expect("\(String(describing: thrown))".contains("refused"))
    }
}
