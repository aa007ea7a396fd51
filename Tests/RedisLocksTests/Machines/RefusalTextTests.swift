import DistributedLocks
import Testing

@testable import RedisLocks

@Suite("What a server's refusals become")
struct RefusalTextTests {
    /// The name of a case of ``LockError``, a part of what it says, and what the server said.
    static let refusals: [(text: String, kind: String, advice: String)] = [
        ("NOAUTH HELLO must be called with the client already authenticated", "denied", "password"),
        (
            "WRONGPASS invalid username-password pair or user is disabled.", "denied",
            "user name or the password is wrong"
        ),
        (
            "NOPERM this user has no permissions to run the 'evalsha' command", "denied",
            "'evalsha' command; see the access rules"
        ),
        ("READONLY You can't write against a read only replica.", "unreachable", "replica"),
        ("OOM command not allowed when used memory > 'maxmemory'.", "storeFailed", "out of memory"),
        ("MISCONF Redis is configured to save RDB snapshots", "storeFailed", "cannot save its data"),
        ("NOREPLICAS Not enough good replicas to write.", "storeFailed", "too few replicas"),
        ("MOVED 866 10.0.0.1:6379", "unsupported", "cluster"), ("ASK 866 10.0.0.1:6379", "unsupported", "cluster"),
        ("CROSSSLOT Keys in request don't hash to the same slot", "unsupported", "cluster"),
        ("LOADING Redis is loading the dataset in memory", "unreachable", "cannot answer now"),
        ("BUSY Redis is busy running a script.", "unreachable", "cannot answer now"),
        ("MASTERDOWN Link with MASTER is down", "unreachable", "cannot answer now"),
        ("ERR max number of clients reached", "unreachable", "no room for another client"),
        ("ERR The user executing the script can't run this command or subcommand script: x", "denied", "access rules"),
        ("NOPERM ACL failure in script: x", "denied", "access rules"),
        ("ERR ACL failure in script: x", "denied", "access rules"),
        ("ERR something else", "storeFailed", "a script"), ("", "storeFailed", "a script"),
    ]

    @Test("each has its kind, and says what to do", arguments: refusals)
    func kinds(_ text: String, _ kind: String, _ advice: String) {
        let error = RESPError(text: text).lockError(store: "redis://s", doing: "a script")
        #expect(error.kind == kind, "\(text) became \(error)")
        #expect("\(error)".contains(advice) && "\(error)".contains("redis://s"))
    }

    @Test("transient ones, and those of replicas")
    func classes() {
        for text in ["LOADING x", "BUSY x", "MASTERDOWN x", "TRYAGAIN x", "CLUSTERDOWN x"] {
            #expect(RESPError(text: text).isTransient)
        }
        for text in ["ERR LOADING", "OOM x", "NOPERM x", "READONLY x", "loading x"] {
            #expect(!RESPError(text: text).isTransient)
        }
        #expect(RESPError(text: "READONLY x").isReadOnly && !RESPError(text: "ERR READONLY").isReadOnly)
    }

    @Test("requests without a reply")
    func failures() {
        #expect(RequestFailure.closed.lockError(store: "s") == .closed(store: "s"))
        #expect(RequestFailure.overdue.lockError(store: "s") == .unreachable(store: "s", reason: "no answer in time"))
        #expect(RequestFailure.notSent("x").lockError(store: "s") == .unreachable(store: "s", reason: "x"))
        #expect(RequestFailure.overloaded.lockError(store: "s").kind == "storeFailed")
        #expect("\(RequestFailure.unanswered("x").lockError(store: "s"))".contains("x"))
    }
}

extension LockError {
    /// The name of the case.
    var kind: String {
        switch self {
        case .busy: "busy"
        case .timedOut: "timedOut"
        case .lost: "lost"
        case .unreachable: "unreachable"
        case .unsupported: "unsupported"
        case .denied: "denied"
        case .storeFailed: "storeFailed"
        case .invalid: "invalid"
        case .closed: "closed"
        @unknown default: "unknown"
        }
    }
}
