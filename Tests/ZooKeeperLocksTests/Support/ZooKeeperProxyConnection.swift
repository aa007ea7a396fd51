import Foundation
import Glibc
import Synchronization
import TestSupport

/// One connection through a ``ZooKeeperProxy``: two threads, one for each direction.
final class ZooKeeperProxyConnection: Sendable {
    /// A reply that is still to come, and what is to be done with it.
    private struct Expected {
        var request: ProxiedRequest
        var rule: ZooKeeperProxyRule?
        /// There will be no reply: here is the end.
        var isEnd = false
    }

    private struct State {
        var expected: [Expected] = []
        var isFirst = true
        var isCut = false
        var threads = 2
    }

    private let proxy: ZooKeeperProxy
    private let number: Int
    private let client: Int32
    private let server: Int32
    private let state = Mutex(State())

    init(_ proxy: ZooKeeperProxy, number: Int, client: Int32, server: Int32) {
        self.proxy = proxy
        self.number = number
        self.client = client
        self.server = server
    }

    func start() {
        Thread.detachNewThread { [self] in
            // The client may end its half, and still get its replies.
            if pump(.requests, from: client, deliver) { shutdown(server, Int32(SHUT_WR)) }
            leave()
        }
        Thread.detachNewThread { [self] in
            _ = pump(.replies, from: server, passOn)
            cut()
            leave()
        }
    }

    /// Ends the connection on both sides.
    func cut() {
        state.withLock { state in
            state.isCut = true
            // The descriptors are closed by the last thread.
            guard state.threads > 0 else { return }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    private func leave() {
        let isLast = state.withLock { state in
            state.threads -= 1
            guard state.threads == 0 else { return false }
            close(client)
            close(server)
            return true
        }
        if isLast { proxy.remove(number) }
    }

    private var isCut: Bool { state.withLock { $0.isCut } }

    /// Moves what comes, one frame after the other; whether it ended because there is no more to come.
    private func pump(
        _ direction: ZooKeeperProxy.Direction,
        from source: Int32,
        _ handle: (ZooKeeperFrame) -> Bool
    ) -> Bool {
        var received: [UInt8] = []
        while true {
            let bytes = Descriptors.receive(from: source)
            received += bytes
            while let frame = ZooKeeperFrame(takingFrom: &received) {
                holdUp(direction)
                guard handle(frame) else { return false }
            }
            guard bytes.isEmpty else { continue }
            // The end of a connection does not get through a broken network either.
            wait { proxy.isStalled(direction) }
            return true
        }
    }

    private func holdUp(_ direction: ZooKeeperProxy.Direction) {
        let delay = proxy.delay(direction)
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
        wait { proxy.isStalled(direction) }
    }

    /// Waits as long as a condition holds, and the connection is not cut.
    private func wait(_ condition: () -> Bool) {
        while condition(), !isCut { usleep(500) }
    }

    private func send(_ frame: ZooKeeperFrame, to target: Int32) -> Bool {
        !isCut && Descriptors.send(frame.bytes, to: target)
    }

    // MARK: Requests

    /// Does with a request what a rule says; whether to go on.
    private func deliver(_ frame: ZooKeeperFrame) -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isFirst = false }
            return state.isFirst
        }
        let request = ProxiedRequest(frame, isFirst: isFirst, connection: number)
        guard let rule = proxy.rule(for: request) else {
            expect(Expected(request: request))
            return send(frame, to: server)
        }
        switch rule.action {
        case .swallow:
            expect(Expected(request: request, rule: rule, isEnd: true))
            endIfDue()
            return false
        case .holdRequest:
            rule.fire()
            wait { !rule.isLetGo }
            expect(Expected(request: request))
        case .cutAfterRequest:
            // First of all, so that the reply cannot be quicker.
            shutdown(client, Int32(SHUT_RDWR))
            guard send(frame, to: server) else { return false }
            // The server reads what has been sent before it sees the end.
            shutdown(server, Int32(SHUT_WR))
            rule.fire()
            return false
        case .cutBeforeReply, .holdReply, .cutReply, .changeReply: expect(Expected(request: request, rule: rule))
        }
        return send(frame, to: server)
    }

    private func expect(_ reply: Expected) {
        state.withLock { $0.expected.append(reply) }
    }

    /// Cuts if all replies before a swallowed request have passed.
    private func endIfDue() {
        let rule: ZooKeeperProxyRule? = state.withLock { state in
            guard let next = state.expected.first, next.isEnd else { return nil }
            state.expected.removeFirst()
            return next.rule
        }
        guard let rule else { return }
        cut()
        rule.fire()
    }

    // MARK: Replies

    /// Does with what the server sends what a rule says; whether to go on.
    private func passOn(_ frame: ZooKeeperFrame) -> Bool {
        let expected = expected(for: frame)
        proxy.note(ProxiedReply(frame, to: expected?.request, connection: number))
        var frame = frame
        if let rule = expected?.rule {
            switch rule.action {
            case .cutBeforeReply: return end(rule)
            case .cutReply(let count):
                _ = Descriptors.send(Array(frame.bytes.prefix(count)), to: client)
                return end(rule)
            case .holdReply:
                rule.fire()
                wait { !rule.isLetGo }
            case .changeReply(let change):
                frame = change(frame)
                rule.fire()
            case .swallow, .holdRequest, .cutAfterRequest: break
            }
        }
        guard send(frame, to: client) else { return false }
        endIfDue()
        return true
    }

    private func end(_ rule: ZooKeeperProxyRule) -> Bool {
        cut()
        rule.fire()
        return false
    }

    /// The request to which this is the reply; `nil` if it is an event.
    ///
    /// Replies to pings and to `auth` come out of order.
    private func expected(for frame: ZooKeeperFrame) -> Expected? {
        state.withLock { state in
            let isHandshake = state.expected.first?.request.operation == .handshake
            let index = state.expected.firstIndex { expected in
                isHandshake || !expected.isEnd && expected.request.xid == frame.int(at: 0)
            }
            return index.map { state.expected.remove(at: $0) }
        }
    }
}
