import Foundation
import Glibc
import Synchronization
import TestSupport

/// One connection through a ``FaultProxy``: two threads, one for each direction.
final class ProxyConnection: Sendable {
    /// What is to be done with a reply that is still to come.
    private enum Expected {
        case pass
        case drop(ProxyRule)
        case hold(ProxyRule)
        /// There will be no reply: here is the end.
        case end(ProxyRule)
    }

    private struct State {
        /// What becomes of the next replies, in their order.
        var expected: [Expected] = []
        var isCut = false
        var threads = 2
    }

    private let proxy: FaultProxy
    private let client: Int32
    private let server: Int32
    private let state = Mutex(State())

    init(_ proxy: FaultProxy, client: Int32, server: Int32) {
        self.proxy = proxy
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
        if isLast { proxy.remove(self) }
    }

    private var isCut: Bool { state.withLock { $0.isCut } }

    /// Moves what comes, one value after the other; whether it ended because there is no more to come.
    private func pump(
        _ direction: FaultProxy.Direction,
        from source: Int32,
        _ handle: (RESPStream.Frame) -> Bool
    ) -> Bool {
        var stream = RESPStream()
        while true {
            let bytes = Descriptors.receive(from: source)
            guard !bytes.isEmpty else { return true }
            stream.append(bytes)
            do {
                while let frame = try stream.next() {
                    holdUp(direction)
                    guard handle(frame) else { return false }
                }
            } catch {
                cut()
                return false
            }
        }
    }

    private func holdUp(_ direction: FaultProxy.Direction) {
        let delay = proxy.delay(direction)
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
        wait { proxy.isStalled(direction) }
    }

    /// Waits as long as a condition holds, and the connection is not cut.
    private func wait(_ condition: () -> Bool) {
        while condition(), !isCut { usleep(500) }
    }

    // MARK: Requests

    /// Does with a command what a rule says; whether to go on.
    private func deliver(_ frame: RESPStream.Frame) -> Bool {
        let command = ProxiedCommand(frame.value)
        guard let rule = proxy.rule(for: command) else {
            if !command.isAboutSubscriptions { expect(.pass) }
            return send(frame, to: server)
        }
        switch rule.action {
        case .swallow:
            expect(.end(rule))
            endIfDue()
            return false
        case .cutBeforeReply: expect(.drop(rule))
        case .holdReply: expect(.hold(rule))
        case .holdRequest:
            rule.fire()
            wait { !rule.isLetGo }
            expect(.pass)
        }
        return send(frame, to: server)
    }

    private func expect(_ reply: Expected) {
        state.withLock { $0.expected.append(reply) }
    }

    private func send(_ frame: RESPStream.Frame, to target: Int32) -> Bool {
        !isCut && Descriptors.send(frame.bytes, to: target)
    }

    /// Cuts if all replies before a swallowed command have passed.
    private func endIfDue() {
        let rule: ProxyRule? = state.withLock { state in
            guard case .end(let rule) = state.expected.first else { return nil }
            state.expected.removeFirst()
            return rule
        }
        guard let rule else { return }
        cut()
        rule.fire()
    }

    // MARK: Replies

    /// Does with a reply what is expected; whether to go on.
    private func passOn(_ frame: RESPStream.Frame) -> Bool {
        guard !Self.isMessage(frame.value) else { return send(frame, to: client) }
        let expected = state.withLock { $0.expected.isEmpty ? .pass : $0.expected.removeFirst() }
        switch expected {
        case .pass, .end: break
        case .drop(let rule):
            cut()
            rule.fire()
            return false
        case .hold(let rule):
            rule.fire()
            wait { !rule.isLetGo }
        }
        guard send(frame, to: client) else { return false }
        endIfDue()
        return true
    }

    /// Whether this is something that belongs to a subscription, and not the reply to a command.
    private static func isMessage(_ value: Reply) -> Bool {
        if case .push = value { return true }
        guard case .array(let items) = value, let kind = items.first?.text, items.count >= 3 else { return false }
        return ["message", "subscribe", "unsubscribe"].contains { kind == $0 || kind == "p\($0)" || kind == "s\($0)" }
    }
}
