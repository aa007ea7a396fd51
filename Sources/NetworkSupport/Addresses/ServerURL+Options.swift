package import DistributedLocks

extension ServerURL {
    /// Reads the value of an option that is a time.
    ///
    /// - Throws: `LockError.invalid`.
    package static func duration(_ option: Dialect.Option, _ value: String) throws(LockError) -> Duration {
        guard let duration = Duration(written: value) else {
            throw .invalid("\(option.rawValue)=\(value) is no duration; write 500ms, 5s or 1m")
        }
        return duration
    }

    /// Reads the value of an option that is one of a few words.
    ///
    /// - Throws: `LockError.invalid`.
    package static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ option: Dialect.Option,
        _ value: String
    ) throws(LockError) -> Choice {
        guard let choice = Choice(rawValue: value) else {
            let choices = Choice.allCases.map { "\(option.rawValue)=\($0.rawValue)" }.joined(separator: " or ")
            throw .invalid("\(option.rawValue)=\(value) is not known; write \(choices)")
        }
        return choice
    }

    /// What is said if an option for TLS is in a URL without TLS.
    package static func needsTLS(_ option: Dialect.Option) -> LockError {
        .invalid("\(option.rawValue) is for TLS only; write \(Dialect.tlsScheme)://host")
    }

    /// Options as they are written behind the question mark; those without a value are left out.
    package static func query(_ options: [(option: Dialect.Option, value: String?)]) -> [String] {
        options.compactMap { option, value in
            value.map { "\(option.rawValue)=\(PercentCoding.encode($0, also: "/:"))" }
        }
    }
}
