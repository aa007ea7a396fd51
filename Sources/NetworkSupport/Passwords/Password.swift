package import DistributedLocks

/// A password, and where it came from. Nothing that shows it shows the password.
package struct Password: Hashable, Sendable {
    package let text: String
    package let source: PasswordSource

    /// Takes a password as it is.
    package init(_ text: String, source: PasswordSource) {
        self.text = text
        self.source = source
    }

    /// Finds the password that a URL gives or names.
    ///
    /// - Parameters:
    ///   - written: What is in the URL itself.
    ///   - file: The file that it names.
    ///   - variable: The environment variable that it names.
    ///   - fallback: The environment variable that counts if the URL says nothing of a password.
    ///   - environment: Where environment variables are looked up; those of this process if `nil`.
    /// - Returns: The password; `nil` if there is none.
    /// - Throws: `LockError.invalid` if there is more than one, or none where one was named.
    package static func find(
        written: String?,
        file: String?,
        variable: String?,
        fallback: String?,
        environment: ((String) -> String?)?
    ) throws(LockError) -> Password? {
        let environment = environment ?? PasswordSource.processVariable
        guard [written, file, variable].count(where: { $0 != nil }) <= 1 else {
            throw .invalid("give one password: in the URL, by password-file, or by password-env")
        }
        if let written { return Password(written, source: .given) }
        if let file { return Password(try PasswordSource.firstLine(of: file), source: .file(file)) }
        if let variable {
            guard let text = environment(variable), !text.isEmpty else {
                throw .invalid("the environment variable \(variable), named by password-env, is not set, or empty")
            }
            return Password(text, source: .variable(variable))
        }
        guard let fallback, let text = environment(fallback), !text.isEmpty else { return nil }
        return Password(text, source: .fallback)
    }
}

extension Password: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// That there is a password.
    package var description: String { "password not shown" }
    /// That there is a password.
    package var debugDescription: String { description }
    /// Without the password, for `dump` and debuggers.
    package var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}
