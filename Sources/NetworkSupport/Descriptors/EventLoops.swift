package import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The event loops that the drivers run on: those that all of a process shares.
package enum EventLoops {
    /// One of them, others in turn.
    package static func next() -> any EventLoop {
        _ = areClosedOnExec
        return MultiThreadedEventLoopGroup.singleton.any()
    }

    /// Makes the epoll descriptors of SwiftNIO's loops close on exec, once: it makes the other descriptors of a loop so, but not this
    /// one. They are told by what they watch, an eventfd and a timerfd. Without /proc they stay as they are.
    private static let areClosedOnExec: Bool = {
        // All of its loops are there once the group is.
        _ = MultiThreadedEventLoopGroup.singleton
        #if os(Linux)
            for descriptor in OpenDescriptors.all where OpenDescriptors.isEventLoop(descriptor) {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        #endif
        return true
    }()
}
