import DistributedLocks
import Testing

@testable import DLockCommands

@Suite struct StrangeTimeTests {
    /// Who can write into a store can say that it has held a lock since any time.
    @Test(arguments: [Int64.min, Int64.min + 1, -1, 0])
    func `A holder since the beginning of time is shown, and nothing worse happens`(_ since: Int64) {
        let text = StatusText(style: Style(forTerminal: false), now: UnixTime(microseconds: 1_790_000_000_000_000))
        let holder = text.holder(Holder(host: "web-3", heldSince: UnixTime(microseconds: since)))
        #expect(holder.hasPrefix("web-3 for ") && holder.hasSuffix(" d"))
    }

    @Test func `One that is not from now is shown without an age`() {
        let text = StatusText(style: Style(forTerminal: false), now: UnixTime(microseconds: 1))
        #expect(text.holder(Holder(host: "web-3", heldSince: UnixTime(microseconds: .max))) == "web-3")
    }
}
