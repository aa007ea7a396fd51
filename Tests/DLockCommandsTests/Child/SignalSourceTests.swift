import Testing

@testable import DLockCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Signal source", .timeLimit(.minutes(1)))
struct SignalSourceTests {
    private let signals = SignalSource()

    @Test("Keeps signals in order and without repetitions")
    func order() async {
        for signal in [SIGINT, SIGTERM, SIGINT, SIGHUP] {
            signals.deliver(signal)
        }
        #expect(await signals.next() == SIGINT)
        #expect(signals.poll() == SIGTERM)
        #expect(await signals.next() == SIGHUP)
        #expect(signals.poll() == nil)
    }

    @Test("Loses no signal to a consumer that is cancelled")
    func cancellation() async {
        for _ in 0..<200 {
            let waiting = Task { [signals] in await signals.next() }
            async let delivery: Void = { [signals] in signals.deliver(SIGUSR1) }()
            waiting.cancel()
            await delivery
            let taken = await waiting.value
            #expect([taken, signals.poll()].compactMap { $0 } == [SIGUSR1])
        }
    }

    @Test("Tells a new consumer of signals that are waiting already")
    func handOver() async {
        signals.deliver(SIGTERM)
        await confirmation(expectedCount: 2) { arrival in
            signals.onArrival { arrival() }
            signals.deliver(SIGINT)
            signals.onArrival(nil)
            signals.deliver(SIGHUP)
        }
        #expect(signals.poll() == SIGTERM)
    }

    @Test("Does not stop a process that would not notice that it is resumed")
    func stop() async {
        #expect(await signals.stopSelf() == false)
    }
}
