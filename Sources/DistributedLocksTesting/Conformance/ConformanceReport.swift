/// How all checks went on one store.
public struct ConformanceReport: Sendable {
    /// How one check went.
    public struct Entry: Sendable {
        /// The check.
        public let check: ConformanceCheck
        /// How it ended.
        public let result: Result<ConformanceOutcome, ConformanceFailure>
    }

    /// In the order in which they were run.
    public let entries: [Entry]

    /// What is wrong with the store; empty if it conforms.
    public var failures: [ConformanceFailure] {
        entries.compactMap { entry in
            if case .failure(let failure) = entry.result { failure } else { nil }
        }
    }
}

extension ConformanceReport: CustomStringConvertible {
    /// One line for each check.
    public var description: String {
        entries.map { entry in
            switch entry.result {
            case .success(.passed): "ok      \(entry.check.name)"
            case .success(.skipped(let reason)): "skipped \(entry.check.name): \(reason)"
            case .failure(let failure): "FAILED  \(failure)"
            }
        }.joined(separator: "\n")
    }
}
