import DistributedLocks
import Synchronization

/// Brings what a connection tells unasked to whom it concerns.
final class EventRelay: Sendable {
    private struct Receivers {
        weak var holdings: Holdings?
        weak var room: WaitingRoom?
    }

    private let receivers = Mutex(Receivers())

    /// What the client is given.
    var delegate: RedisClient.Delegate {
        RedisClient.Delegate(
            onPush: { self.received($0) },
            onConnect: { _, profile in
                let receivers = self.receivers.withLock { $0 }
                receivers.holdings?.tracks.store(profile.tracksKeys, ordering: .relaxed)
                receivers.holdings?.everythingChanged()
                receivers.room?.everythingChanged()
            }
        )
    }

    /// Says who receives.
    func connect(to holdings: Holdings, _ room: WaitingRoom) {
        receivers.withLock { $0 = Receivers(holdings: holdings, room: room) }
    }

    private func received(_ message: [RESPValue]) {
        let receivers = receivers.withLock { $0 }
        switch Push(message) {
        case .granted(let owner, let token): receivers.room?.granted(owner, token)
        case .first(let owner): receivers.room?.becameFirst(owner)
        case .revoked(let owner): receivers.holdings?.lose(owner, .revoked)
        case .changed(let keys):
            for key in keys {
                receivers.holdings?.keyChanged(key)
                receivers.room?.keyChanged(key)
            }
        case .emptied:
            receivers.holdings?.everythingChanged()
            receivers.room?.everythingChanged()
        case nil: break
        }
    }
}
