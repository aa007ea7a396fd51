import Foundation
import Glibc
import Synchronization

/// Stands between two processes that talk over a connection, and loses their bytes without a word, as a broken network
/// does.
///
/// While it is stalled, connections stay, and new ones are taken, but nothing gets through: no bytes, no end of the stream.
/// It takes connections even if nobody listens at the other side, and closes them at once.
package final class StreamProxy: Sendable {
    package enum Direction: Sendable, CaseIterable {
        /// From who has connected.
        case forth
        /// To who has connected.
        case back
    }

    private struct State {
        var listener: Int32?
        var stalled: Set<Direction> = []
        /// Both ends of every connection.
        var connections: [Int: (Int32, Int32)] = [:]
        var accepted = 0
    }

    /// The port to connect to.
    package let port: Int
    private let target: Int
    private let change: @Sendable ([UInt8]) -> [UInt8]
    private let state = Mutex(State())

    /// Starts one. It runs until ``end()``.
    ///
    /// - Parameters:
    ///   - target: The port to which connections are passed on.
    ///   - change: Gets the first bytes from who connects, and says what is passed on instead.
    /// - Throws: If there is no port.
    package init(to target: Int, change: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }) throws {
        port = try Descriptors.freePort()
        self.target = target
        self.change = change
        let listener = try Descriptors.listen(port)
        state.withLock { $0.listener = listener }
        Thread.detachNewThread { [self] in
            acceptAll(listener)
            close(listener)
        }
    }

    /// Holds all bytes back in these directions, from now on; in both, if none is named.
    package func stall(_ directions: Direction...) {
        state.withLock { $0.stalled.formUnion(directions.isEmpty ? Direction.allCases : directions) }
    }

    /// Ends ``stall(_:)``: everything that was held back is delivered.
    package func flow() {
        state.withLock { $0.stalled = [] }
    }

    /// Cuts all connections that there are now.
    package func cut() {
        state.withLock { state in
            for (client, server) in state.connections.values {
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
            }
        }
    }

    /// Cuts all connections, and takes no more.
    package func end() {
        state.withLock { state in
            // Wakes the thread that accepts, which closes it.
            if let listener = state.listener { shutdown(listener, Int32(SHUT_RDWR)) }
            state.listener = nil
            state.stalled = []
        }
        cut()
    }

    // MARK: Connections

    private func acceptAll(_ listener: Int32) {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = try? Descriptors.connect(target) else {
                close(client)
                continue
            }
            Descriptors.sendAtOnce(client)
            adopt(client, server)
        }
    }

    private func adopt(_ client: Int32, _ server: Int32) {
        let number = state.withLock { state in
            state.accepted += 1
            state.connections[state.accepted] = (client, server)
            // It can have been ended meanwhile.
            if state.listener == nil { shutdown(client, Int32(SHUT_RDWR)) }
            return state.accepted
        }
        Thread.detachNewThread { [self] in
            let back = DispatchGroup()
            back.enter()
            Thread.detachNewThread {
                self.pump(.back, from: server, to: client)
                back.leave()
            }
            pump(.forth, from: client, to: server)
            back.wait()
            state.withLock { state in
                state.connections[number] = nil
                close(client)
                close(server)
            }
        }
    }

    private func pump(_ direction: Direction, from source: Int32, to target: Int32) {
        var isFirst = direction == .forth
        while true {
            var bytes = Descriptors.receive(from: source)
            while isStalled(direction) { usleep(500) }
            guard !bytes.isEmpty else { break }
            if isFirst { bytes = change(bytes) }
            isFirst = false
            guard Descriptors.send(bytes, to: target) else { break }
        }
        shutdown(source, Int32(SHUT_RD))
        shutdown(target, Int32(SHUT_WR))
    }

    private func isStalled(_ direction: Direction) -> Bool {
        state.withLock { $0.stalled.contains(direction) }
    }
}
