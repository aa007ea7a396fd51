#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread that has nothing to do until the process ends.
enum ParkedThread {
    /// Suspends the thread; may return at any time.
    static func park() {
        _ = pause()
    }
}
