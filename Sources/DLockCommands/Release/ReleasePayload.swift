import DistributedLocks

/// What `dlock release --json` prints.
struct ReleasePayload {
    let name: LockName
    /// From whom the lock was taken.
    let holders: [Holder]
    let now: UnixTime

    /// `{name, released: [{host, pid, label, held_since, held_seconds, waiting_since, waiting_seconds}]}`.
    var json: JSONValue {
        .object([
            "name": .string(name.text),
            "name_bytes": JSONValue(bytesOf: name),
            "released": .array(holders.map { .object(HolderPayload(holder: $0, now: now).members) }),
        ])
    }
}
