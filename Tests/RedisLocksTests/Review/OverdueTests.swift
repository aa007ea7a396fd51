import DistributedLocks
import DistributedLocksTesting
import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import RedisLocks

@Suite("The time for a reply")
struct OverdueTests {
    /// A connection to nobody who would answer, on an event loop that can be held up.
    private static func makeConnection(
        _ clock: ManualClock,
        _ timers: Timers,
        _ group: MultiThreadedEventLoopGroup,
        port: Int
    ) async throws -> RedisLocks.RedisConnection {
        let configuration = try RedisConfiguration(url: "redis://127.0.0.1:\(port)")
        let connector = try Connector(
            configuration: configuration,
            eventLoop: group.any(),
            clock: clock.leaseClock,
            timers: timers
        )
        let delegate = RedisChannelHandler.Delegate(onPush: { _ in }, onEnd: { _ in })
        return try await connector.connect(to: configuration.addresses[0], id: 1, delegate: delegate)
    }

    @Test("is up also for a request that is made in the very moment in which older ones are looked at")
    func madeDuringCheck() async throws {
        try await FakeServer.with(reply: "") { port in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let clock = ManualClock()
            let timers = Timers(clock: clock.leaseClock)
            let connection = try await Self.makeConnection(clock, timers, group, port: port)
            func exchange(_ seconds: Int) -> Exchange {
                let deadline = LeaseClock.Instant(offset: .seconds(seconds))
                return Exchange([RedisCommand("PING")], deadline: deadline, sent: clock.now)
            }
            let first = exchange(1)
            connection.send(first)
            first.fail(.cancelled)
            // The event loop is busy while the first deadline passes and the second request is made.
            let gate = DispatchSemaphore(value: 0)
            connection.eventLoop.execute { gate.wait() }
            clock.jump(by: .seconds(1))
            try await waitUntil("the first check") { clock.sleeperCount == 0 }
            try await Task.sleep(for: .milliseconds(100))
            let second = exchange(2)
            connection.send(second)
            gate.signal()
            try await connection.eventLoop.submit {}.get()
            try await connection.eventLoop.submit {}.get()
            clock.jump(by: .seconds(2))
            try await waitUntil("the end of the second request", within: .seconds(5)) { second.isDone }
            connection.close()
            try await group.shutdownGracefully()
        }
    }
}
