import DistributedLocks
import Synchronization

/// Writes the values of one client's locks; see ``LockValue``.
///
/// All but the owner and the time is the same from one lock to the next, and is kept.
final class LockValueWriter: Sendable {
    private struct Frame {
        let host: String?
        let processID: Int32?
        let label: String?
        let middle: String
        let end: String

        func fits(_ holder: Holder) -> Bool {
            processID == holder.processID && host == holder.host && label == holder.label
        }
    }

    private let client: OwnerID
    private let frame = Mutex<Frame?>(nil)

    /// Makes a writer for the client that listens on `dlock:CLIENT`.
    init(client: OwnerID) {
        self.client = client
    }

    /// What to set the lock to.
    func text(for owner: OwnerID, _ holder: Holder) -> String {
        let frame = frame.withLock { frame in
            if let frame, frame.fits(holder) { return frame }
            let fresh = makeFrame(holder)
            frame = fresh
            return fresh
        }
        var text = owner.description
        text.reserveCapacity(64 + frame.middle.utf8.count + frame.end.utf8.count)
        text += frame.middle
        if let since = holder.waitingSince { text += String(since.microseconds) } else { text += "-" }
        text += frame.end
        return text
    }

    private func makeFrame(_ holder: Holder) -> Frame {
        let host =
            holder.host.map { String(String.UnicodeScalarView($0.unicodeScalars.map { $0 == " " ? "_" : $0 })) } ?? "-"
        return Frame(
            host: holder.host,
            processID: holder.processID,
            label: holder.label,
            middle: " dlock \(client) \(holder.processID.map { "\($0)" } ?? "-") ",
            end: " \(host) \(holder.label ?? "-")"
        )
    }
}
