import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Descriptors that are kept for the moment when there are no others, so that a release can still hand on: one to open the
/// lock file, one to wake the next waiter.
final class SpareDescriptors: Sendable {
    private let spares = Mutex<[Descriptor]>([])

    private static let count = 2

    /// How many descriptors a session needs to begin: two files, two spares, a lock file, what watches files and pipes; and those
    /// that Swift's runtime opens when a task sleeps or the main task is resumed, which ends the process if it cannot.
    static let needed = 16

    /// Makes one of them available to whoever asks next.
    func give() {
        spares.withLock { _ = $0.popLast() }
    }

    /// Takes as many as are missing, and can be had.
    func refill() {
        spares.withLock { spares in
            while spares.count < Self.count, let spare = try? Descriptor.open("/", O_RDONLY | O_DIRECTORY) {
                spares.append(spare)
            }
        }
    }
}
