package import DistributedLocks

/// A host and a TCP port.
package struct HostAddress: Hashable, Sendable {
    /// A name, or an address of IP version 4 or 6 without brackets.
    package let host: String
    package let port: Int

    /// The longest name of a host, in bytes.
    private static let maximumHostLength = 253

    /// Takes them as they are.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Checks what can be checked without asking anybody. The address itself is not repeated in the error: it may be a
    /// misplaced password.
    ///
    /// - Parameters:
    ///   - service: Whose server it is, for messages: `Redis`.
    ///   - usualPort: The port that is used if none is given.
    /// - Throws: `LockError.invalid`.
    package func validate(service: String, usualPort: Int) throws(LockError) {
        guard Self.isHost(host) else {
            throw .invalid(
                "the name of a \(service) server has letters, digits, dots and hyphens, and at most \(Self.maximumHostLength) of them; an address of IP version 6 has brackets around it in a URL"
            )
        }
        guard (1...65_535).contains(port) else {
            throw .invalid("the port of a \(service) server is a number between 1 and 65535, usually \(usualPort)")
        }
    }

    /// Whether this can be the name or the address of a host.
    static func isHost(_ host: String) -> Bool {
        guard (1...maximumHostLength).contains(host.utf8.count) else { return false }
        guard host.utf8.contains(UInt8(ascii: ":")) else { return host.utf8.allSatisfy(isNamePart) }
        let parts = host.utf8.split(separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        let zone = parts.count == 2 ? parts[1] : nil
        return parts[0].allSatisfy(isNumberPart) && (zone.map { !$0.isEmpty && $0.allSatisfy(isNamePart) } ?? true)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// What an address of IP version 6 is made of.
    private static func isNumberPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}

extension HostAddress: CustomStringConvertible {
    /// `db1:6379` or `[::1]:6379`.
    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
