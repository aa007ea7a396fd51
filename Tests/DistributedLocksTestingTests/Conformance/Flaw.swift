/// One way in which a store can break its promises, and the checks that must notice.
enum Flaw: String, CaseIterable, Sendable {
    // Exclusion and modes
    case grantsTwice, onePermitTooMany, ignoresPermitLimit, mixesModes
    // Order
    case servesLastFirst, triesBarge, starvesWriters, wakesReadersOneByOne, losesWakeUps, answersTheHerd
    // Tokens and repetition
    case repeatsTokens, restartsTokens, repeatsTokensOfReaders, countsRepeatedRequests, countsRepeatedWaits
    // Cancellation, deadlines, withdrawal
    case ignoresCancellation, keepsCancelledWaiters, acceptsLateRequests, ignoresDeadlines, endsWaitsEarly
    case keepsTimedOutWaiters, dropsGrantsAtDeadline, queuesTries, hidesContention, miscountsQueue, stallsBehindTimeouts
    // Release
    case forgetsReleases, releaseIgnoresOwner, failsOnUnknownRelease, alwaysReleased
    // Names
    case foldsCase, comparesByEquivalence, cutsNamesShort, readsNamesAsPaths
    // Status
    case showsWaitersInReverse, hidesTokens, hidesHolders, inventsHolders, listsIdleNames, listsInAnyOrder
    case hidesAbilities, tellsNoWaiter, tellsEveryWaiterTwice, tellsWaitersTooEarly
    // Forced release
    case forcesOneHolderOnly, namesNobodyForced, failsOnIdleForce, forgetsToSignal, signalsWrongReason, signalsEverybody
    // Leases
    case expiresEarly, neverExpires, expiresUnasked, needsVisitToExpire, grantsTooLong, renewalGrantsTooLong
    case renewIgnoresOwner, renewResurrects, renewDoesNotExtend, renewsInReverse, sessionStandsStill, sessionResurrects
    // Closing
    case closeLeavesWaits, grantsAfterClose
}
