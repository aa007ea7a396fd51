import DistributedLocks
import Testing

@testable import RedisLocks

/// Redis 6.2 wraps the errors of the commands in a script; later servers pass them on.
@Suite("Errors inside of scripts")
struct ScriptErrorTests {
    private static let wrapped = "ERR Error running script (call to f_4f3fa72c): @user_script:13: @user_script: 13: "

    @Test("a server that has become a replica is recognized")
    func readOnly() {
        let error = RESPError(text: Self.wrapped + "-READONLY You can't write against a read only replica.")
        #expect(!error.isReadOnly && error.insideScript.isReadOnly)
        #expect(error.insideScript.message == "You can't write against a read only replica.")
    }

    @Test(
        "the others become what they are",
        arguments: [
            ("-OOM command not allowed when used memory > 'maxmemory'.", "out of memory"),
            ("-MISCONF Redis is configured to save RDB snapshots", "cannot save"),
            ("The user executing the script can't run this command or subcommand", "access rules"),
        ]
    )
    func kinds(_ text: String, _ advice: String) {
        let error = RESPError(text: Self.wrapped + text).insideScript.lockError(store: "s", doing: "a script")
        #expect("\(error)".contains(advice), "\(error)")
    }

    @Test("what is not wrapped stays as it is")
    func plain() {
        for text in ["READONLY x: -y", "ERR something: -else", Self.wrapped + "attempt to compare nil with number"] {
            #expect(RESPError(text: text).insideScript == RESPError(text: text))
        }
    }
}
