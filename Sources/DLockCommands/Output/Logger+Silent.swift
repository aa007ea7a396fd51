import Logging

extension Logger {
    /// What matters is said on standard error in words; libraries' logs would only repeat it.
    static var silent: Logger { Logger(label: "dlock") { _ in SwiftLogNoOpLogHandler() } }
}
