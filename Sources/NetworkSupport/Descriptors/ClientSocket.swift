package import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What the sockets of both drivers are: closed on exec, so that programs which this one starts have no part in an authenticated
/// connection; shut down when they are closed, so that a fork that has a copy has no part in it any longer; and never
/// holding back small messages.
package enum ClientSocket {
    /// Prepares a channel; to be called by its initializer, before it is connected and before any handler is added.
    ///
    /// SwiftNIO makes sockets that are not closed on exec. Setting that afterwards would be too late for a program that another
    /// thread starts in between. So on Linux the socket is replaced by one that was made so: whoever has inherited the first one
    /// has a socket that is never connected.
    ///
    /// - Throws: `IOError` if the system does not do it.
    package static func prepare(_ channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { socket in
            try closeOnExec(socket)
        }
        // Not before: options go with the socket.
        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try channel.syncOptions?.setOption(.socketOption(.so_keepalive), value: 1)
        try pipeline.addHandler(ShutdownHandler(), position: .first)
    }

    #if os(Linux)
        private static func closeOnExec(_ handle: Int32) throws {
            let type = try option(SO_TYPE, of: handle) | flag(SOCK_CLOEXEC) | flag(SOCK_NONBLOCK)
            let fresh = socket(try option(SO_DOMAIN, of: handle), type, try option(SO_PROTOCOL, of: handle))
            guard fresh >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
            defer { close(fresh) }
            guard duplicate(fresh, to: handle) else { throw IOError(errnoCode: errno, reason: "dup3") }
        }

        /// Makes `target` another number of `source`, closed on exec from the beginning.
        private static func duplicate(_ source: Int32, to target: Int32) -> Bool {
            // https://man7.org/linux/man-pages/man2/dup.2.html; the module of the C library hides it as an extension.
            if let symbol = dlsym(nil, "dup3") {
                typealias Dup3 = @convention(c) (Int32, Int32, Int32) -> Int32
                return unsafeBitCast(symbol, to: Dup3.self)(source, target, O_CLOEXEC) >= 0
            }
            // Where nothing can be looked up, in a static executable, for an instant it is not closed on exec.
            return dup2(source, target) >= 0 && fcntl(target, F_SETFD, FD_CLOEXEC) >= 0
        }

        private static func option(_ name: Int32, of handle: Int32) throws -> Int32 {
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard getsockopt(handle, SOL_SOCKET, name, &value, &size) == 0 else {
                throw IOError(errnoCode: errno, reason: "getsockopt")
            }
            return value
        }

        #if canImport(Glibc)
            private static func flag(_ flag: __socket_type) -> Int32 { Int32(bitPattern: flag.rawValue) }
        #else
            private static func flag(_ flag: Int32) -> Int32 { flag }
        #endif
    #else
        private static func closeOnExec(_ handle: Int32) throws {
            guard fcntl(handle, F_SETFD, FD_CLOEXEC) >= 0 else { throw IOError(errnoCode: errno, reason: "fcntl") }
        }
    #endif
}

/// Shuts the socket down before it is closed: closing alone ends nothing as long as another process has a copy.
private final class ShutdownHandler: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if case .all = mode {
            // It fails if there is no connection (any more); then there is nothing to shut down either.
            _ = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                shutdown($0, Int32(SHUT_RDWR))
            }
        }
        context.close(mode: mode, promise: promise)
    }
}
