#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The time since the system was started, and which start that was; injected so that tests own it.
package struct BootClock: Sendable {
    private let read: @Sendable () -> (boot: UInt64, uptime: Int64)

    /// Wraps a function that returns a number of the system's run (zero if it cannot be told) and the microseconds since its
    /// start.
    package init(_ read: @escaping @Sendable () -> (boot: UInt64, uptime: Int64)) {
        self.read = read
    }

    package var now: (boot: UInt64, uptime: Int64) { read() }

    /// The system's.
    package static let system = BootClock {
        var time = timespec()
        #if os(Linux) || os(Android)
            clock_gettime(CLOCK_BOOTTIME, &time)
        #else
            clock_gettime(CLOCK_MONOTONIC, &time)
        #endif
        return (thisBoot, Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// A number that no other run of the system has; zero where the kernel does not name its runs.
    private static let thisBoot: UInt64 = {
        guard let file = try? Descriptor.open("/proc/sys/kernel/random/boot_id", O_RDONLY) else { return 0 }
        var text = [UInt8](repeating: 0, count: 36)
        guard let count = try? file.read(into: &text, 0..<text.count, at: 0), count == text.count else { return 0 }
        return text.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } | 1
    }()
}
