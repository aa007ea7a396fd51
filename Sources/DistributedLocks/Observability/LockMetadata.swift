import Logging

/// The keys of log metadata and span attributes; the only place that spells them.
enum LockMetadata {
    static let name = "lock.name"
    static let mode = "lock.mode"
    static let owner = "lock.owner"
    static let store = "lock.store"
    static let token = "lock.token"
    static let reason = "lock.reason"
    static let outcome = "lock.outcome"
    static let remaining = "lock.remaining"

    static func of(_ claim: LockClaim) -> Logger.Metadata {
        [name: "\(claim.name)", mode: "\(claim.mode.kind.rawValue)", owner: "\(claim.owner)"]
    }
}
