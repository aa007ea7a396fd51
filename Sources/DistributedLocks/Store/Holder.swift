/// Who holds, or waits for, a lock: what people need to find the process behind it.
///
/// Everything is optional, since a lock may be held by another program in another language that says nothing of itself.
public struct Holder: Hashable, Sendable {
    /// The machine's host name.
    public var host: String?
    /// The process id on that machine.
    public var processID: Int32?
    /// What the program says of itself, up to ``maximumLabelLength`` bytes.
    public var label: String?
    /// Since when it has wanted the name, by its own wall clock: when it joined the queue, or got the name without waiting.
    public var waitingSince: UnixTime?
    /// Since when it has held the name, by the clock of whoever granted it; `nil` for a waiter.
    public var heldSince: UnixTime?

    /// Longer labels are refused.
    public static let maximumLabelLength = 256

    /// Describes a holder.
    public init(
        host: String? = nil,
        processID: Int32? = nil,
        label: String? = nil,
        waitingSince: UnixTime? = nil,
        heldSince: UnixTime? = nil
    ) {
        self.host = host
        self.processID = processID
        self.label = label
        self.waitingSince = waitingSince
        self.heldSince = heldSince
    }
}

extension Holder: CustomStringConvertible {
    /// For example `web-3 (pid 8123, nightly)`.
    public var description: String {
        let details = [processID.map { "pid \($0)" }, label].compactMap(\.self).joined(separator: ", ")
        return switch (host, details.isEmpty) {
        case (let host?, true): host
        case (let host?, false): "\(host) (\(details))"
        case (nil, false): details
        case (nil, true): "an unknown holder"
        }
    }
}
