package import DistributedLocks

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where a password comes from.
package enum PasswordSource: Hashable, Sendable {
    /// It was said: in code, or in a URL.
    case given
    /// The first line of a file.
    case file(String)
    /// An environment variable that the URL names.
    case variable(String)
    /// The environment variable that is looked at when the URL says nothing.
    case fallback

    /// How much of a password file is read, in bytes.
    package static let maximumLength = 4_096

    /// The first line of a file.
    ///
    /// - Throws: `LockError`, with the path and never with anything of what is in the file.
    package static func firstLine(of path: String) throws(LockError) -> String {
        let bytes = try SmallFile(path, what: "the password file").read(
            atMost: maximumLength,
            refusingWritableByOthers: true
        )
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard line.count <= maximumLength else {
            throw .invalid("the first line of the password file \(path) is longer than \(maximumLength) bytes")
        }
        let isWindowsLine = line.count < bytes.count && line.last == UInt8(ascii: "\r")
        guard let text = String(validating: isWindowsLine ? line.dropLast() : line, as: UTF8.self) else {
            throw .invalid("the first line of the password file \(path) is not UTF-8")
        }
        guard !text.isEmpty else { throw .invalid("the first line of the password file \(path) is empty") }
        return text
    }

    /// An environment variable of this process; `nil` if there is none, or if it is not UTF-8.
    package static func processVariable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(validatingCString: value)
    }
}
