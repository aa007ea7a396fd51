#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The environment variables of this process.
enum EnvironmentVariable {
    /// The value of a variable; what is not UTF-8 in it is replaced. `nil` if there is no such variable.
    static func value(of name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// The value of a variable, unless it is empty.
    static func text(of name: String) -> String? {
        value(of: name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
