/// One way in which a store can break its promises, and the checks that must notice.
enum Flaw: String, CaseIterable, Sendable {
    // Exclusion and modes
    case grantsTwice, onePermitTooMany, ignoresPermitLimit, mixesModes
    // Order
    case servesLastFirst, triesBarge, starvesWriters, wakesReadersOneByOne, losesWakeUps, answersTheHerd
    // Tokens and repetition
    case sharesTokenInOneStep
    case repeatsTokens, restartsTokens, repeatsTokensOfReaders, countsRepeatedRequests, countsRepeatedWaits
    // Cancellation, deadlines, withdrawal
    case ignoresCancellation, keepsCancelledWaiters, acceptsLateRequests, ignoresDeadlines, endsWaitsEarly
    case keepsTimedOutWaiters, dropsGrantsAtDeadline, queuesTries, hidesContention, miscountsQueue, stallsBehindTimeouts
    // Release
    case forgetsReleases, releaseIgnoresOwner, failsOnUnknownRelease, alwaysReleased
    // Release at a later time
    case keepsNothing, keepsForTheLease, keepsTooLong, keepsWhatNobodyHolds, keepIgnoresOwner, keepAddsUp,
        keepNeedsVisit
    case keepCannotBeCutShort, hidesWhatIsKept
    // Names
    case foldsCase, comparesByEquivalence, cutsNamesShort, readsNamesAsPaths, readsNamesAsText
    // Status
    case showsWaitersInReverse, hidesTokens, hidesHolders, inventsHolders, listsIdleNames, listsInAnyOrder
    case holdsSinceJoining, waitersHold, forgetsWhenWaitingBegan
    case hidesAbilities, tellsNoWaiter, tellsEveryWaiterTwice, tellsWaitersTooEarly
    // Forced release
    case forceIgnoresCondition, forceMismatchIsSilent, forceMeansAllIfAny
    case forcesOneHolderOnly, namesNobodyForced, failsOnIdleForce, forgetsToSignal, signalsWrongReason, signalsEverybody
    // Leases
    case expiresEarly, neverExpires, expiresUnasked, needsVisitToExpire, grantsTooLong, renewalGrantsTooLong
    case renewIgnoresOwner, renewResurrects, renewDoesNotExtend, renewsInReverse, sessionStandsStill, sessionResurrects
    // Closing
    case closeLeavesWaits, grantsAfterClose
}
