import DistributedLocks
import Foundation
import Testing

@testable import DLockCommands

@Suite("What is shown")
struct OutputTests {
    private let now = UnixTime(microseconds: 1_000_000_000)

    private func holder(secondsAgo: Int64, label: String? = nil) -> Holder {
        let since = UnixTime(microseconds: now.microseconds - secondsAgo * 1_000_000)
        return Holder(host: "web-3", processID: 8_123, label: label, waitingSince: since)
    }

    @Test("The line of a waiter, as the README shows it")
    func waitingLine() throws {
        let line = WaitingLine(name: try LockName("backup"), isEnabled: true)
        let contention = Contention(holders: [holder(secondsAgo: 12)], ahead: 2)
        #expect(
            line.text(contention, now: now, style: Style(forTerminal: false))
                == "dlock: waiting for \"backup\": held by web-3 (pid 8123) for 12 s, 2 ahead of you"
        )
        #expect(
            line.text(Contention(), now: now, style: Style(forTerminal: false)) == "dlock: waiting for \"backup\""
        )
    }

    @Test("Names and labels cannot play with the terminal")
    func escapes() {
        #expect(printable("plain ümlaut 🎉") == "plain ümlaut 🎉")
        #expect(printable("a\u{1B}[2Jb\nc\u{7}") == "a\\u{1b}[2Jb\\u{a}c\\u{7}")
        #expect(printable("right\u{202E}left") == "right\\u{202e}left")
    }

    @Test("A status in words")
    func status() throws {
        let text = StatusText(style: Style(forTerminal: false), now: now)
        let name = try LockName("gpu")
        #expect(text.lines(LockStatus(name: name)) == ["gpu: free"])
        let holders = [
            LockStatus.Participant(
                holder: holder(secondsAgo: 300, label: "train"),
                mode: .permit(of: 4),
                token: FencingToken(rawValue: 7),
                remaining: .seconds(20)
            )
        ]
        let waiters = [LockStatus.Participant(holder: holder(secondsAgo: 1), mode: .permit(of: 4))]
        #expect(
            text.lines(LockStatus(name: name, holders: holders, waiters: waiters)) == [
                "gpu: 1 of 4 permits taken, 1 waiting",
                "  holds web-3 (pid 8123, train) for 5 min, token 7, lease ends in 20 s",
                "  waits web-3 (pid 8123) for 1 s, next",
            ]
        )
    }

    @Test("A status in JSON has the documented fields")
    func json() throws {
        let participant = LockStatus.Participant(
            holder: holder(secondsAgo: 0, label: "l"),
            mode: .permit(of: 2),
            owner: OwnerID(high: 0, low: 1),
            token: FencingToken(rawValue: 9),
            remaining: .milliseconds(1_500)
        )
        let status = LockStatus(name: try LockName("a/b"), holders: [participant])
        #expect(
            try JSONOutput.line(StatusPayload(status))
                == #"{"held":true,"holders":[{"host":"web-3","label":"l","mode":"permit","owner":"00000000000000000000000000000001","#
                + #""permits":2,"pid":8123,"remaining_seconds":1.5,"since":"1970-01-01T00:16:40.000Z","token":9}],"#
                + #""name":"a/b","waiters":[]}"#
        )
    }

    @Test("Every library error has its exit code")
    func exitCodes() throws {
        let name = try LockName("x")
        let table: [(LockError, Int32)] = [
            (.busy(name, Contention()), 75), (.timedOut(name, after: .seconds(1), Contention()), 75),
            (.lost(name, .expired), 80), (.unreachable(store: "s", reason: "r"), 69),
            (.storeFailed(store: "s", reason: "r"), 69), (.closed(store: "s"), 69),
            (.denied(store: "s", reason: "r"), 77),
            (.unsupported(store: "s", feature: "f"), 64), (.invalid("r"), 64),
        ]
        for (error, code) in table { #expect(DLockExit.code(for: error) == code, "\(error)") }
        #expect(DLockExit.code(for: .busy(name, Contention()), conflict: 0) == 0)
        #expect(DLockExit.code(for: .denied(store: "s", reason: "r"), conflict: 0) == 77)
    }
}
