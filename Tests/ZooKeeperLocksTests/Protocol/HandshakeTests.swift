import NIOCore
import Testing

@testable import ZooKeeperLocks

@Suite struct HandshakeTests {
    @Test func `A request for a new session has 45 bytes`() {
        let request = ConnectRequest(
            lastZxid: 0,
            timeout: 30_000,
            sessionID: 0,
            password: [UInt8](repeating: 0, count: ConnectRequest.passwordLength)
        )
        let expected = """
            0000002d 00000000 0000000000000000 00007530 0000000000000000
            00000010 00000000000000000000000000000000 00
            """
        #expect(ByteBuffer(request.write).bytes == wire(expected))
    }

    @Test func `A request to go on with a session has its number, its password and what was seen`() {
        let request = ConnectRequest(
            lastZxid: 0x0000_0003_0000_0011,
            timeout: 4_000,
            sessionID: 0x0100_0000_0000_00ff,
            password: [UInt8](1...16)
        )
        let expected = """
            0000002d 00000000 0000000300000011 00000fa0 01000000000000ff
            00000010 0102030405060708090a0b0c0d0e0f10 00
            """
        #expect(ByteBuffer(request.write).bytes == wire(expected))
    }

    static let response = "00000000 00007530 01000000000000ff 00000010 0102030405060708090a0b0c0d0e0f10"

    @Test func `A response, also one of a server before 3_4`() throws {
        for (rest, isReadOnly) in [("00", false), ("01", true), ("", false)] {
            let response = try ConnectResponse(ByteBuffer(bytes: wire(Self.response + " " + rest)))
            #expect(response.timeout == 30_000)
            #expect(response.sessionID == 0x0100_0000_0000_00ff)
            #expect(response.password == [UInt8](1...16))
            #expect(response.isReadOnly == isReadOnly)
            #expect(!response.isExpired)
        }
    }

    @Test(arguments: [
        "00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00",
        "00000000 00000000 01000000000000ff 00000000 00",
        "00000000 ffffffff 01000000000000ff ffffffff 00",
        "00000000 00007530 0000000000000000 ffffffff",
    ])
    func `A session that is over`(_ text: String) throws {
        #expect(try ConnectResponse(ByteBuffer(bytes: wire(text))).isExpired)
    }

    @Test func `A response that ends too early or too late`() throws {
        let bytes = wire(Self.response + " 00")
        for count in 0..<bytes.count - 1 {
            #expect(throws: JuteError.self, "\(count) bytes") {
                try ConnectResponse(ByteBuffer(bytes: bytes.prefix(count)))
            }
        }
        #expect(throws: JuteError.excess(1)) { try ConnectResponse(ByteBuffer(bytes: bytes + [0])) }
    }

    @Test func `A password longer than its frame`() {
        let text = "00000000 00007530 01000000000000ff 7fffffff 0102"
        #expect(throws: JuteError.badLength(.max)) { try ConnectResponse(ByteBuffer(bytes: wire(text))) }
    }
}
