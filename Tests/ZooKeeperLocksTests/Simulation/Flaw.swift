/// A deliberate mistake in what clients do, to see that it is found out.
enum Flaw: String, CaseIterable {
    /// Any answer of any server is taken for a proof that the session lives.
    case answersProve
    /// A session is believed to live for half of its timeout longer than is proved.
    case deadlineTooLong
    /// A lock is handed out without looking whether the session is proved to live.
    case noProof
    /// Nodes count as ours by their name, whichever session they go with.
    case ownershipByName
    /// A request to make nodes that was not answered is taken for one that was not carried out.
    case lostMeansUndone
    /// When an answer was lost, nodes are looked for without catching up with the leader.
    case noCatchingUp
    /// Whoever is woken takes the lock without looking who else is there.
    case wokenMeansHolder
    /// Nobody is told when watches end with their session.
    case silentEnd
    /// The watch of a node that has already gone is believed to fire.
    case missedWakening
    /// Who does not want to wait any more leaves its node behind.
    case nothingGivenBack
    /// One attempt to give a lock back is enough.
    case onlyOneAttempt
    /// A lease is believed to be held until its timer fires, whatever the clock says, and renewed after its end.
    case clockIgnored
    /// A session that was given up is left to itself.
    case sessionAbandoned
}
