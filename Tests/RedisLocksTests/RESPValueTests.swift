import Testing

@testable import RedisLocks

@Suite struct RESPValueTests {
    @Test func integersDiffer() {
        #expect(RESPValue.integer(1) != .integer(2))
    }
}
