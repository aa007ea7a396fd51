package import DistributedLocks

/// The parts of a URL that names servers, decoded, and not yet judged.
///
/// No error tells anything of what stands where a user, a password or a host is expected: when a URL is not well formed,
/// any of it may be the password.
package struct ServerURL<Dialect: URLDialect>: Sendable {
    package let scheme: Dialect.Scheme
    package private(set) var user: String?
    package private(set) var password: String?
    /// What is between the user and the path.
    package let servers: Substring
    /// With the slash that it begins with; empty if there is none. Not decoded.
    package let path: Substring
    package private(set) var options: [Dialect.Option: String] = [:]

    /// Whether `text` begins as a URL of this kind.
    package static func isRecognized(_ text: String) -> Bool {
        text.firstIndex(of: ":").flatMap { Dialect.Scheme(rawValue: text[..<$0].lowercased()) } != nil
    }

    /// Takes a URL apart.
    ///
    /// - Throws: `LockError.invalid`.
    package init(_ text: String) throws(LockError) {
        let start = text.firstIndex(of: ":") ?? text.endIndex
        guard let scheme = Dialect.Scheme(rawValue: text[..<start].lowercased()), text[start...].hasPrefix("://") else {
            throw .invalid(Dialect.forms)
        }
        self.scheme = scheme
        let rest = text[start...].dropFirst(3)
        let authority = rest.prefix { !"/?#".contains($0) }
        let tail = rest[authority.endIndex...]
        guard !tail.contains("@"), !tail.contains("#") else {
            throw .invalid(
                "in a \(Dialect.service) URL an @ after the host is written %40, and # %23; in a password also / %2F and ? %3F"
            )
        }
        path = tail.prefix { $0 != "?" }
        servers = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        if servers.startIndex != authority.startIndex {
            try readUser(authority.prefix(upTo: servers.startIndex).dropLast())
        }
        if path.endIndex != tail.endIndex { try readOptions(tail[path.endIndex...].dropFirst()) }
    }

    private mutating func readUser(_ text: Substring) throws(LockError) {
        let service = Dialect.service
        guard !text.contains("@") else {
            throw .invalid("an @ in the user or password of a \(service) URL is written %40")
        }
        let colon = text.firstIndex(of: ":")
        let (name, secret) = (text[..<(colon ?? text.endIndex)], colon.map { text[$0...].dropFirst() })
        guard let name = PercentCoding.decode(name), let secret = secret.map(PercentCoding.decode) ?? "" else {
            throw .invalid(
                "in the user and password of a \(service) URL, % is followed by two hexadecimal digits; % itself is %25"
            )
        }
        guard colon == nil || !secret.isEmpty else {
            throw .invalid("the password in the \(service) URL is empty; leave out its colon, or give one")
        }
        guard !(name.isEmpty && secret.isEmpty) else {
            throw .invalid(
                "there is no user and no password before the @ of the \(service) URL; leave it out, or give them"
            )
        }
        user = name.isEmpty ? nil : name
        password = secret.isEmpty ? nil : secret
    }

    private mutating func readOptions(_ text: Substring) throws(LockError) {
        let service = Dialect.service
        for part in text.split(separator: "&", omittingEmptySubsequences: false) {
            let name = part.prefix { $0 != "=" }
            guard let option = Dialect.Option(rawValue: String(name)) else {
                let list = Dialect.Option.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("unknown option \"\(name)\" in the \(service) URL; there are \(list)")
            }
            guard let value = PercentCoding.decode(part[name.endIndex...].dropFirst()) else {
                throw .invalid(
                    "in the option \(name) of the \(service) URL, % is followed by two hexadecimal digits; % itself is %25"
                )
            }
            guard !value.isEmpty else {
                throw .invalid("the option \(name) of the \(service) URL is empty; leave it out")
            }
            guard options.updateValue(value, forKey: option) == nil else {
                throw .invalid("the option \(name) is in the \(service) URL twice")
            }
        }
    }
}
