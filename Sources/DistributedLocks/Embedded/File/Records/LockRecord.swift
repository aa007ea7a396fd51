/// What one lock file says: the name that it belongs to, who holds it and who waits.
package struct LockRecord: Hashable, Sendable {
    package let name: LockName
    package var queue: LockQueue<SessionID>

    package init(name: LockName, queue: LockQueue<SessionID> = LockQueue()) {
        self.name = name
        self.queue = queue
    }
}
