extension Flaw {
    /// The checks that must notice the flaw by what they see.
    var seenBy: [String] {
        switch self {
        case .grantsTwice: ["exclusion.refusesOthers", "exclusion.manyTasks", "modes.shared", "services.crowd"]
        case .onePermitTooMany: ["modes.permits", "modes.permitsInACrowd", "repetition.permit", "handOver.permits"]
        case .ignoresPermitLimit: ["modes.permitLimit"]
        case .mixesModes: ["modes.excludeEachOther", "order.mixedModes", "expiry.readers"]
        case .servesLastFirst: ["order.fifo", "order.withdrawal", "deadlines.ahead", "status.waiters"]
        case .triesBarge: ["order.noBarging"]
        case .starvesWriters: ["modes.writerIsNotStarved", "release.queued", "deadlines.passesTurn"]
        case .wakesReadersOneByOne, .losesWakeUps, .ignoresCancellation, .ignoresDeadlines: []
        case .answersTheHerd: ["handOver.one", "handOver.readers", "handOver.permits", "cancellation.racesGrant"]
        case .repeatsTokens: ["tokens.handOver", "forcedRelease.handsOn"]
        case .restartsTokens: ["tokens.again", "tokens.modes", "tokens.forcedRelease", "tokens.expiry"]
        case .repeatsTokensOfReaders: ["tokens.modes"]
        case .sharesTokenInOneStep: ["tokens.together"]
        case .countsRepeatedRequests: ["repetition.held"]
        case .countsRepeatedWaits: ["repetition.queued"]
        case .keepsCancelledWaiters: ["services.cancelledWait"]
        case .acceptsLateRequests: ["cancellation.atTheStart"]
        case .endsWaitsEarly: ["deadlines.passes"]
        case .keepsTimedOutWaiters: ["deadlines.passes", "deadlines.past", "services.timeout"]
        case .dropsGrantsAtDeadline, .stallsBehindTimeouts, .forgetsToSignal, .needsVisitToExpire: []
        case .queuesTries: ["deadlines.none"]
        case .hidesContention, .miscountsQueue:
            ["deadlines.none", "deadlines.past", "deadlines.passes", "deadlines.ahead"]
        default: seenByOthers
        }
    }

    private var seenByOthers: [String] {
        switch self {
        case .forgetsReleases:
            ["services.release", "names.reuse", "tokens.again", "repetition.held", "release.unknown"]
        case .releaseIgnoresOwner: ["release.wrongOwner", "release.twice", "cancellation.before", "forcedRelease.old"]
        case .failsOnUnknownRelease: ["release.unknown", "release.twice"]
        case .alwaysReleased: ["release.unknown", "release.twice", "release.wrongOwner", "forcedRelease.old"]
        case .keepsNothing: ["deferredRelease.keeps", "deferredRelease.again", "deferredRelease.service"]
        case .keepsForTheLease: ["deferredRelease.keeps"]
        case .keepsTooLong: ["deferredRelease.keeps", "deferredRelease.again"]
        case .keepsWhatNobodyHolds, .keepIgnoresOwner: ["deferredRelease.wrongOwner"]
        case .keepAddsUp: ["deferredRelease.again"]
        case .keepCannotBeCutShort: ["deferredRelease.cutShort"]
        case .hidesWhatIsKept: ["deferredRelease.keeps"]
        case .readsNamesAsText: ["names.bytes"]
        case .holdsSinceJoining, .waitersHold, .forgetsWhenWaitingBegan: ["status.times"]
        case .forceIgnoresCondition: ["forcedRelease.condition", "forcedRelease.oneOfMany"]
        case .forceMismatchIsSilent: ["forcedRelease.condition"]
        case .forceMeansAllIfAny: ["forcedRelease.oneOfMany"]
        case .foldsCase, .comparesByEquivalence, .readsNamesAsPaths: ["names.independent", "status.list"]
        case .cutsNamesShort: ["names.longest"]
        case .showsWaitersInReverse: ["status.waiters"]
        case .hidesTokens, .hidesHolders: ["status.holder"]
        case .tellsEveryWaiterTwice, .tellsWaitersTooEarly: ["status.tellsWaiters"]
        case .inventsHolders: ["status.idle"]
        case .listsIdleNames, .listsInAnyOrder: ["status.list"]
        case .hidesAbilities: ["status.listRefused", "forcedRelease.refused", "deferredRelease.refused"]
        case .forcesOneHolderOnly: ["forcedRelease.allHolders"]
        case .namesNobodyForced: ["forcedRelease.allHolders", "forcedRelease.handsOn"]
        case .failsOnIdleForce: ["forcedRelease.idle"]
        case .signalsWrongReason, .signalsEverybody: ["forcedRelease.signal"]
        case .expiresEarly: ["expiry.handsOver", "expiry.freesTheName", "expiry.validity"]
        case .neverExpires: ["expiry.freesTheName", "expiry.readers", "renewal.neverResurrects"]
        case .expiresUnasked: ["status.holder"]
        case .grantsTooLong: ["expiry.validity"]
        case .renewalGrantsTooLong, .renewDoesNotExtend: ["renewal.extends"]
        case .renewIgnoresOwner: ["renewal.wrongOwner", "renewal.neverResurrects"]
        case .sessionResurrects: ["session.neverResurrects"]
        case .renewResurrects: ["renewal.neverResurrects", "renewal.afterRelease"]
        case .renewsInReverse: ["renewal.batch"]
        case .grantsAfterClose: ["closing.refuses", "deferredRelease.outlivesClient"]
        default: []
        }
    }

    /// The checks that must notice the flaw since what they wait for never happens.
    var stuckIn: [String] {
        switch self {
        case .sessionStandsStill: ["session.validity"]
        case .keepNeedsVisit, .keepsTooLong: ["deferredRelease.handsOver"]
        case .wakesReadersOneByOne: ["handOver.readers", "order.mixedModes"]
        case .losesWakeUps: ["release.handsOver", "handOver.one", "tokens.handOver", "order.fifo"]
        case .ignoresCancellation: ["cancellation.during", "services.cancelledWait"]
        case .keepsCancelledWaiters: ["cancellation.during", "order.withdrawal", "release.queued"]
        case .ignoresDeadlines: ["deadlines.passes", "deadlines.past", "deadlines.ahead"]
        case .keepsTimedOutWaiters, .stallsBehindTimeouts: ["deadlines.passesTurn"]
        case .dropsGrantsAtDeadline: ["deadlines.granted"]
        case .forgetsToSignal: ["forcedRelease.signal"]
        case .neverExpires: ["expiry.handsOver"]
        case .expiresUnasked: ["expiry.never"]
        case .needsVisitToExpire: ["expiry.handsOver", "renewal.wrongOwner"]
        case .tellsNoWaiter: ["status.tellsWaiters"]
        case .closeLeavesWaits: ["closing.endsWaits", "closing.givesUp"]
        default: []
        }
    }
}
