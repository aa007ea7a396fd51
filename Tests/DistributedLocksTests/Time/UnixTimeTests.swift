import DistributedLocks
import Testing

@Suite("Wall-clock times as text")
struct UnixTimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (999, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000_000, "2000-03-01T00:00:00.000Z"),
            (1_709_251_199_999_999, "2024-02-29T23:59:59.999Z"), (1_700_000_000_123_456, "2023-11-14T22:13:20.123Z"),
            (4_102_444_800_000_000, "2100-01-01T00:00:00.000Z"), (-2_203_891_200_000_000, "1900-03-01T00:00:00.000Z"),
        ] as [(Int64, String)]
    )
    func text(_ microseconds: Int64, _ expected: String) {
        #expect(UnixTime(microseconds: microseconds).description == expected)
    }

    @Test func `How long ago something was; nothing if it is still to come, and no overflow with the times of others`()
    {
        let now = UnixTime(microseconds: 5_000_000)
        #expect(now.age(of: UnixTime(microseconds: 2_000_000)) == .seconds(3))
        #expect(now.age(of: now) == .zero)
        #expect(now.age(of: UnixTime(microseconds: 5_000_001)) == nil)
        #expect(now.age(of: UnixTime(microseconds: .min)) != nil)
    }
}
