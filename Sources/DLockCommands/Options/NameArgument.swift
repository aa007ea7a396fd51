import ArgumentParser
import DistributedLocks

/// The name of a lock on the command line.
struct NameArgument: ParsableArguments {
    @Argument(help: "The name of the lock.")
    var name: String

    func validate() throws {
        do {
            _ = try LockName(name)
        } catch {
            throw ValidationError(error.description)
        }
    }
}
