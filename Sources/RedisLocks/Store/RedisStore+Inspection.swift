public import DistributedLocks

extension RedisStore {
    /// Who holds `name` and who waits for it, also if the holder is another program; see `LockStore.status`.
    public func status(of name: LockName) async throws -> LockStatus {
        do {
            return try await status(of: name, keys(of: name))
        } catch {
            throw translate(error)
        }
    }

    /// The names that are held or waited for: all that our clients hold, wait for, or have used within the last hour, and with a
    /// key prefix all others below it too. Reads the whole key space in small steps (SCAN).
    public func list() async throws -> [LockStatus] {
        do {
            var found: [LockStatus] = []
            let prefixLength = configuration.keyPrefix.utf8.count
            for lock in try await scan().sorted() {
                guard let name = try? LockName(bytes: lock.bytes.dropFirst(prefixLength)),
                    let keys = try? keys(of: name)
                else { continue }
                let status = try await status(of: name, keys)
                if !status.isIdle { found.append(status) }
            }
            return found
        } catch {
            throw translate(error)
        }
    }

    private static let waitersPerRequest = 500
    private static let maximumWaiters = 10_000

    private func status(of name: LockName, _ keys: LockKeys) async throws -> LockStatus {
        var status = LockStatus(name: name)
        while true {
            let first = status.waiters.count
            let answer = try await calls.status(keys, places: first..<first + Self.waitersPerRequest)
            status.holders = answer.holder.map { [$0] } ?? []
            status.waiters += answer.waiters
            if answer.waiters.count < Self.waitersPerRequest || status.waiters.count >= Self.maximumWaiters {
                return status
            }
        }
    }

    /// The keys that are locks, or have been.
    private func scan() async throws -> Set<KeyBytes> {
        var locks: Set<KeyBytes> = []
        let prefix = configuration.keyPrefix.utf8
        var cursor = "0"
        repeat {
            let (next, keys) = try await calls.scan(from: cursor, prefix: configuration.keyPrefix)
            for key in keys {
                let lock = LockKeys.lock(besides: key)
                // Beside each of our locks stands its fencing token. Below a prefix everything is a lock.
                guard lock != nil || !prefix.isEmpty else { continue }
                if (lock ?? key).bytes.starts(with: prefix) { locks.insert(lock ?? key) }
            }
            cursor = next
        } while cursor != "0"
        return locks
    }
}
