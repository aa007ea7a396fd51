import Testing

@testable import DistributedLocks

@Suite struct DurationTextTests {
    @Test(arguments: [
        (Duration.zero, "0 ms"), (.microseconds(499), "0 ms"), (.microseconds(500), "1 ms"),
        (.milliseconds(850), "850 ms"),
        (.microseconds(999_600), "1 s"), (.seconds(1), "1 s"), (.milliseconds(4_249), "4.2 s"), (.seconds(75), "75 s"),
        (.milliseconds(99_940), "99.9 s"), (.milliseconds(99_960), "100 s"), (.milliseconds(123_456), "123 s"),
        (.seconds(119), "119 s"), (.seconds(120), "2 min"), (.seconds(121), "121 s"), (.seconds(5_400), "90 min"),
        (.seconds(3_600), "1 h"), (.seconds(86_400), "1 d"), (.seconds(7 * 86_400), "7 d"), (.seconds(-86_400), "-1 d"),
        (.milliseconds(120_040), "2 min"),
        (.seconds(-5), "-5 s"), (.milliseconds(-20), "-20 ms"),
    ])
    func text(duration: Duration, text: String) {
        #expect(duration.shortText == text)
    }

    @Test(
        arguments: [
            (Duration.zero, "0 s"), (.milliseconds(12_999), "12 s"), (.seconds(119), "119 s"), (.seconds(120), "2 min"),
            (.seconds(7_199), "119 min"), (.seconds(7_200), "2 h"), (.seconds(172_799), "47 h"),
            (.seconds(172_800), "2 d"),
            (.seconds(-3), "0 s"),
        ]
    )
    func `An age is told in whole units`(duration: Duration, text: String) {
        #expect(duration.ageText == text)
    }

    @Test("No duration is too long to be told")
    func longest() {
        #expect(Duration.seconds(Int64.max).shortText == "100000000000000000 s")
    }

    @Test func seconds() {
        #expect(Duration.milliseconds(1_500).seconds == 1.5)
        #expect(Duration.milliseconds(-250).seconds == -0.25)
    }
}
