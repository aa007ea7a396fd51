import DistributedLocks

/// One name as `--json` shows it.
struct StatusPayload: Codable, Hashable {
    /// A holder or a waiter.
    struct Participant: Codable, Hashable {
        var host: String?
        var pid: Int32?
        var label: String?
        var mode: String
        var permits: Int?
        var since: String?
        var owner: String?
        var token: UInt64?
        var remainingSeconds: Double?

        enum CodingKeys: String, CodingKey {
            case host, pid, label, mode, permits, since, owner, token
            case remainingSeconds = "remaining_seconds"
        }

        init(_ participant: LockStatus.Participant) {
            host = participant.holder.host
            pid = participant.holder.processID
            label = participant.holder.label
            mode = participant.mode.kind.rawValue
            if case .permit(let limit) = participant.mode { permits = limit }
            since = participant.holder.waitingSince?.description
            owner = participant.owner?.description
            token = participant.token?.rawValue
            remainingSeconds = participant.remaining?.seconds
        }
    }

    var name: String
    var held: Bool
    var holders: [Participant]
    var waiters: [Participant]

    init(_ status: LockStatus) {
        name = status.name.text
        held = !status.holders.isEmpty
        holders = status.holders.map(Participant.init)
        waiters = status.waiters.map(Participant.init)
    }
}
