import ArgumentParser
import DistributedLocks

/// The name of a lock on the command line.
struct NameArgument: ParsableArguments {
    /// The name as ``ForeignText``, since it may have any bytes.
    @Argument(help: "The name of the lock.")
    var name: String

    /// The name that was given.
    var lockName: LockName {
        get throws(LockError) { try Self.lockName(name) }
    }

    /// The name for what the parser of arguments was given.
    static func lockName(_ text: String) throws(LockError) -> LockName {
        try LockName(bytes: ForeignText.decode(text))
    }

    func validate() throws {
        do {
            _ = try lockName
        } catch {
            throw ValidationError(error.description)
        }
    }
}
