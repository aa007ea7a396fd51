import DistributedLocks
import Synchronization

/// Hears what the signals of grants say.
final class LossCounter: Sendable {
    private let heard = Mutex<[LossReason]>([])

    init(_ grants: Grant...) {
        for grant in grants {
            grant.lossSignal?.listen { [weak self] reason in self?.heard.withLock { $0.append(reason) } }
        }
    }

    var reasons: [LossReason] { heard.withLock { $0 } }
}
