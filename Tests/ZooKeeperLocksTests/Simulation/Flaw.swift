/// A deliberate mistake, to see that it is found out.
enum Flaw: String, CaseIterable {
    /// The clocks of processes stand still half of the time, so that they believe in their leases for too long.
    case slowClock
    /// Who has lost a lock goes on as if nothing had happened.
    case carriesOn
    /// Processes are never told what happens to nodes that they watch.
    case deaf
    /// Servers say that they have deleted nodes, and have not.
    case deletesNothing
    /// Servers end sessions before their time.
    case endsSessions
    /// A lock is never given back.
    case keepsForEver
}
