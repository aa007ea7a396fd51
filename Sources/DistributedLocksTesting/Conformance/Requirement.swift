import DistributedLocks

/// What a store must claim to do for a check to make sense.
enum Requirement: Hashable, Sendable {
    case mode(LockMode.Kind)
    case fifo
    case expiring
    case lastsWithProcess
    case lastsWithSession
    case listsNames
    case forcesRelease
    case signalsLoss
    case cannotListNames
    case cannotForceRelease
    case releasesLater
    case cannotReleaseLater

    /// Why a store with these capabilities is not checked; `nil` if it is.
    func unmetReason(_ capabilities: StoreCapabilities) -> String? {
        switch self {
        case .mode(let kind): capabilities.modes.contains(kind) ? nil : "the store has no \(kind.rawValue) mode"
        case .fifo: capabilities.ordering == .fifo ? nil : "the store promises no order"
        case .expiring: capabilities.expires ? nil : "the store's claims do not expire"
        case .lastsWithProcess: capabilities.lifetime == .process ? nil : "the store's claims end by themselves"
        case .lastsWithSession: capabilities.lastsWithSession ? nil : "the store's claims do not end with a session"
        case .listsNames: capabilities.listsNames ? nil : "the store does not list names"
        case .forcesRelease: capabilities.forcesRelease ? nil : "the store has no forced release"
        case .signalsLoss: capabilities.signalsLoss ? nil : "the store does not signal losses"
        case .cannotListNames: capabilities.listsNames ? "the store lists names" : nil
        case .cannotForceRelease: capabilities.forcesRelease ? "the store has a forced release" : nil
        case .releasesLater: capabilities.releasesLater ? nil : "the store cannot keep a claim without its process"
        case .cannotReleaseLater: capabilities.releasesLater ? "the store keeps claims without their process" : nil
        }
    }
}

extension StoreCapabilities {
    /// The bounds of leases, for stores whose claims expire.
    var ttlRange: ClosedRange<Duration>? {
        if case .expiring(let range) = lifetime { range } else { nil }
    }

    var expires: Bool { ttlRange != nil }

    var lastsWithSession: Bool {
        if case .session = lifetime { true } else { false }
    }
}
