import DistributedLocks

/// What `--json` tells of a holder or a waiter, whatever its claim is; what is not known is left out.
struct HolderPayload {
    let holder: Holder
    /// The time of the look, from which ages are counted.
    let now: UnixTime

    /// `host, pid, label, held_since, held_seconds, waiting_since, waiting_seconds`.
    var members: [JSONValue.Member] {
        let times = HolderTimes(holder, now: now)
        return JSONValue.members([
            "host": holder.host.map(JSONValue.string),
            "pid": holder.processID.map { .integer(Int64($0)) },
            "label": holder.label.map(JSONValue.string),
            "held_since": holder.heldSince.map { .string($0.description) },
            "held_seconds": times.held.map(JSONValue.seconds),
            "waiting_since": holder.waitingSince.map { .string($0.description) },
            "waiting_seconds": times.waited.map(JSONValue.seconds),
        ])
    }
}

extension JSONValue {
    /// A duration in seconds, to the millisecond.
    static func seconds(_ duration: Duration) -> JSONValue {
        .number((duration.seconds * 1_000).rounded() / 1_000)
    }
}
