import DistributedLocks

/// One name as `--json` shows it.
struct StatusPayload {
    let status: LockStatus
    /// The time of the look, from which ages are counted.
    let now: UnixTime

    /// `{name, held, holders, waiters}`.
    var json: JSONValue {
        .object([
            "name": .string(status.name.text),
            "name_bytes": JSONValue(bytesOf: status.name),
            "held": .boolean(!status.holders.isEmpty),
            "holders": .array(status.holders.map(participant)),
            "waiters": .array(status.waiters.map(participant)),
        ])
    }

    private func participant(_ participant: LockStatus.Participant) -> JSONValue {
        ParticipantPayload(participant: participant, now: now).json
    }
}

extension JSONValue {
    /// The bytes of a name in hexadecimal digits, if its text is not the whole name.
    init?(bytesOf name: LockName) {
        guard !name.isText else { return nil }
        self = .string(name.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
    }
}
