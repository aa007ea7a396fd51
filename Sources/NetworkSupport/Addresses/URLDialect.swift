/// What the URLs of one kind of server have of their own.
package protocol URLDialect: Sendable {
    /// What a URL begins with, in lower case.
    associatedtype Scheme: RawRepresentable<String>, Hashable, Sendable
    /// What can be said after the question mark.
    associatedtype Option: RawRepresentable<String>, CaseIterable, Hashable, Sendable

    /// Whose servers they are: `Redis`.
    static var service: String { get }
    /// For messages, how a server is written: a sentence without a full stop.
    static var forms: String { get }
    /// The scheme without encryption: `redis`.
    static var plainScheme: String { get }
    /// The scheme with TLS: `rediss`.
    static var tlsScheme: String { get }
    /// The port that examples in messages have.
    static var usualPort: Int { get }
}
