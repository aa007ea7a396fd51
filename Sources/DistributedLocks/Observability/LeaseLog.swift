import Logging

/// What is logged of leases. Metadata is made only when somebody reads it.
struct LeaseLog: Sendable {
    let logger: Logger

    func changed(_ record: LeaseRecord, to state: LeaseState, at now: LeaseClock.Instant) {
        switch state {
        case .held:
            logger.info("Renewal of the lease works again", metadata: metadata(record))
        case .unconfirmed(let until):
            logger.warning(
                "Renewal of the lease is failing",
                metadata: metadata(record, LockMetadata.remaining, now.duration(to: until).shortText)
            )
        case .lost(.released):
            logger.debug("The lease was released", metadata: metadata(record, LockMetadata.reason, LossReason.released))
        case .lost(let reason):
            logger.warning("The lease is lost", metadata: metadata(record, LockMetadata.reason, reason))
        }
    }

    func abandoned(_ record: LeaseRecord) {
        logger.warning("A lease was dropped without being released; releasing it", metadata: metadata(record))
    }

    func renewalFailed(_ record: LeaseRecord, _ error: LockError) {
        logger.debug("A renewal failed", metadata: metadata(record, "error", error))
    }

    func releaseFailed(_ claim: LockClaim, _ error: any Error) {
        logger.debug(
            "A release failed; trying again",
            metadata: LockMetadata.of(claim).merging(["error": "\(error)"]) { $1 }
        )
    }

    private func metadata(_ record: LeaseRecord) -> Logger.Metadata {
        var metadata = LockMetadata.of(record.claim)
        metadata[LockMetadata.token] = "\(record.token)"
        return metadata
    }

    private func metadata(_ record: LeaseRecord, _ key: String, _ value: some Sendable) -> Logger.Metadata {
        var metadata = metadata(record)
        metadata[key] = "\(value)"
        return metadata
    }
}
