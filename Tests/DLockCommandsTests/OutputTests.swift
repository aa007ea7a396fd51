import DistributedLocks
import Foundation
import Testing

@testable import DLockCommands

@Suite("What is shown")
struct OutputTests {
    private let now = UnixTime(microseconds: 1_000_000_000)

    private func waiter(secondsAgo: Int64) -> Holder {
        Holder(host: "web-3", processID: 8_123, waitingSince: now.earlier(by: secondsAgo))
    }

    /// Has held for so long, and has waited for five seconds before.
    private func holder(secondsAgo: Int64, label: String? = nil) -> Holder {
        let since = now.earlier(by: secondsAgo)
        return Holder(
            host: "web-3",
            processID: 8_123,
            label: label,
            waitingSince: since.earlier(by: 5),
            heldSince: since
        )
    }

    @Test("The line of a waiter, as the README shows it")
    func waitingLine() throws {
        let line = WaitingLine(name: try LockName("backup"), isEnabled: true)
        let contention = Contention(holders: [holder(secondsAgo: 12)], ahead: 2)
        #expect(
            line.text(contention, now: now, style: Style(forTerminal: false))
                == "waiting for \"backup\": held by web-3 (pid 8123) for 12 s, 2 ahead of you"
        )
        #expect(
            line.text(Contention(), now: now, style: Style(forTerminal: false)) == "waiting for \"backup\""
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
        let waiters = [LockStatus.Participant(holder: waiter(secondsAgo: 1), mode: .permit(of: 4))]
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
            holder: holder(secondsAgo: 2, label: "l"),
            mode: .permit(of: 2),
            owner: OwnerID(high: 0, low: 1),
            token: FencingToken(rawValue: 9),
            remaining: .milliseconds(1_500)
        )
        let waiting = LockStatus.Participant(holder: waiter(secondsAgo: 1), mode: .exclusive)
        let status = LockStatus(name: try LockName("a/b"), holders: [participant], waiters: [waiting])
        #expect(
            StatusPayload(status: status, now: now).json.line
                == #"{"name":"a/b","held":true,"holders":[{"host":"web-3","pid":8123,"label":"l","#
                + #""held_since":"1970-01-01T00:16:38.000Z","held_seconds":2,"#
                + #""waiting_since":"1970-01-01T00:16:33.000Z","waiting_seconds":5,"#
                + #""mode":"permit","permits":2,"owner":"00000000000000000000000000000001","#
                + #""token":9,"remaining_seconds":1.5}],"#
                + #""waiters":[{"host":"web-3","pid":8123,"#
                + #""waiting_since":"1970-01-01T00:16:39.000Z","waiting_seconds":1,"mode":"exclusive"}]}"#
        )
    }

    @Test func `A name that is not text has its bytes in JSON`() throws {
        let status = LockStatus(name: try LockName(bytes: [0x61, 0xFF, 0x05]))
        #expect(
            StatusPayload(status: status, now: now).json.line
                == "{\"name\":\"a\u{FFFD}\\u0005\",\"name_bytes\":\"61ff05\",\"held\":false,\"holders\":[],\"waiters\":[]}"
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

extension UnixTime {
    fileprivate func earlier(by seconds: Int64) -> UnixTime {
        UnixTime(microseconds: microseconds - seconds * 1_000_000)
    }
}
