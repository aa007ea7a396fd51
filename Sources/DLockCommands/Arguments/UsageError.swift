import ArgumentParser

/// A mistake in the command line that is found before the parser of arguments sees it.
struct UsageError: Error {
    let message: String
    let command: any ParsableCommand.Type

    /// Says it on standard error, in the form of the parser of arguments.
    func report() {
        Console.error(message)
        let name = command.configuration.commandName ?? ""
        let usage = command.usageString().split(separator: "\n").joined(separator: "\n       ")
        Console.write("Usage: \(usage)\n  See 'dlock \(name) --help' for more information.\n", to: 2)
    }
}
