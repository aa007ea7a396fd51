import DistributedLocks

/// A holder or a waiter with its claim as `--json` shows it; what is not known is left out.
struct ParticipantPayload {
    let participant: LockStatus.Participant
    /// The time of the look, from which ages are counted.
    let now: UnixTime

    /// The members of ``HolderPayload``, and `mode, permits, owner, token, remaining_seconds`.
    var json: JSONValue {
        .object(
            HolderPayload(holder: participant.holder, now: now).members
                + JSONValue.members([
                    "mode": .string(participant.mode.kind.rawValue),
                    "permits": permits.map { .integer(Int64($0)) },
                    "owner": participant.owner.map { .string($0.description) },
                    "token": participant.token.map { .unsigned($0.rawValue) },
                    "remaining_seconds": participant.remaining.map(JSONValue.seconds),
                ])
        )
    }

    private var permits: Int? {
        if case .permit(let limit) = participant.mode { limit } else { nil }
    }
}
