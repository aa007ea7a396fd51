import DistributedLocks
import Testing

@Suite("Durations as options")
struct DurationWritingTests {
    @Test(
        "exact, however they are written",
        arguments: [
            ("700ms", .milliseconds(700)), ("0.7s", .milliseconds(700)), (".5s", .milliseconds(500)),
            ("5.", .seconds(5)),
            ("0.1ms", .microseconds(100)), ("1.0000000019s", .nanoseconds(1_000_000_001)),
            ("0.000001ms", .nanoseconds(1)),
            ("1.5h", .seconds(5_400)), ("007m", .seconds(420)), ("3650d", .seconds(3_650 * 86_400)),
        ] as [(String, Duration)]
    )
    func exact(_ text: String, _ duration: Duration) {
        #expect(Duration(written: text) == duration)
        #expect(Duration(written: duration.writtenText) == duration)
    }

    @Test(
        "nothing else",
        arguments: [
            "", ".", "s", ".s", "1.2.3s", "1..s", "-1s", "+1s", " 1s", "1 s", "1S", "1e3s", "0x1s", "inf", "3651d",
            "1us",
            "99999999999999999999s", "9223372036854775807", "9223372036854775808", "106751d", "٣s", "1٣s",
        ]
    )
    func nothingElse(_ text: String) {
        #expect(Duration(written: text) == nil)
    }

    @Test("as they are shown")
    func shown() {
        #expect(Duration.seconds(5).writtenText == "5s")
        #expect(Duration.milliseconds(1_500).writtenText == "1500ms")
        #expect(Duration.nanoseconds(1_000_001).writtenText == "1.000001ms")
        #expect(Duration.zero.writtenText == "0s")
    }
}
