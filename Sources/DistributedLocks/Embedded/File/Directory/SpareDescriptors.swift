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
