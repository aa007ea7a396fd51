import Testing

@testable import ZooKeeperLocks

@Suite struct OpCodeTests {
    @Test func `The end of a session has a negative number`() {
        #expect(OpCode(rawValue: -11) == .closeSession)
    }
}
