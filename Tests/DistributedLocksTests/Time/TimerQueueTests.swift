import DistributedLocksTesting
import Testing

@testable import DistributedLocks

@Suite struct TimerQueueTests {
    @TaskLocal static var context: Witness?

    final class Witness: Sendable {}

    let clock = ManualClock()
    let delivered = Recorder<[String]>()
    let queue: TimerQueue<String>

    init() {
        queue = TimerQueue(clock: clock.leaseClock)
        queue.deliver { [delivered] in delivered.add($0) }
    }

    private func advance(to seconds: Double) async {
        await clock.settle { clock.sleeperCount == 1 }
        clock.jump(to: .at(seconds))
    }

    @Test("Timers come in their order, those of one instant together and as they were set")
    func order() async {
        queue.schedule("third", at: .at(3))
        queue.schedule("first", at: .at(1))
        queue.schedule("second a", at: .at(2))
        queue.schedule("second b", at: .at(2))
        for seconds in [1.0, 2, 3] {
            await clock.settle { clock.nextDeadline == .at(seconds) }
            clock.jump(to: .at(seconds))
            await clock.settle { delivered.count == Int(seconds) }
        }
        #expect(delivered.all == [["first"], ["second a", "second b"], ["third"]])
    }

    @Test("What is due within its slack travels along; what is not waits")
    func slack() async {
        queue.schedule("exact", at: .at(10))
        queue.schedule("early", at: .at(11), slack: .seconds(1))
        queue.schedule("later", at: .at(11.5), slack: .seconds(1))
        await advance(to: 10)
        await clock.settle { delivered.count == 1 }
        #expect(delivered.all == [["exact", "early"]])
        await clock.settle { clock.nextDeadline == .at(11.5) }
        #expect(clock.nextDeadline == .at(11.5))
    }

    @Test("What was cancelled does not keep what is due after it from travelling along")
    func cancelledBetween() async {
        queue.schedule("exact", at: .at(10))
        let cancelled = queue.schedule("cancelled", at: .at(10.5))
        queue.schedule("early", at: .at(11), slack: .seconds(1))
        queue.cancel(cancelled)
        await advance(to: 10)
        await clock.settle { delivered.count == 1 }
        #expect(delivered.all == [["exact", "early"]])
    }

    @Test("A cancelled timer is not delivered, and nothing sleeps beyond it")
    func cancel() async {
        let first = queue.schedule("first", at: .at(1))
        queue.schedule("second", at: .at(2))
        queue.cancel(first)
        await advance(to: 2)
        await clock.settle { delivered.count == 1 }
        #expect(delivered.all == [["second"]])
        let third = queue.schedule("third", at: .at(3))
        #expect(await clock.settle { clock.sleeperCount == 1 })
        queue.cancel(third)
        queue.cancel(third)
        clock.jump(to: .at(3))
        #expect(await clock.settle { clock.sleeperCount == 0 })
        #expect(delivered.all == [["second"]])
    }

    @Test("An earlier timer replaces the one that sleeps")
    func earlier() async {
        queue.schedule("late", at: .at(5))
        #expect(await clock.settle { clock.nextDeadline == .at(5) })
        queue.schedule("early", at: .at(1))
        #expect(await clock.settle { clock.nextDeadline == .at(1) && clock.sleeperCount == 1 })
        clock.jump(to: .at(1))
        #expect(await clock.settle { delivered.count == 1 && clock.nextDeadline == .at(5) })
    }

    @Test("A timer that is due already is delivered")
    func past() async {
        clock.jump(to: .at(10))
        queue.schedule("past", at: .at(3))
        #expect(await clock.settle { delivered.count == 1 })
    }

    @Test("Setting and cancelling again and again keeps what is wanted, with one sleeper")
    func compaction() async {
        queue.schedule("kept", at: .at(5_000))
        for round in 0..<10_000 {
            queue.cancel(queue.schedule("dropped", at: .at(6_000 + Double(round))))
        }
        #expect(queue.entryCount < 200)
        await clock.settle { clock.sleeperCount == 1 }
        clock.jump(to: .at(4_999))
        await clock.settle { clock.nextDeadline == .at(5_000) }
        #expect(delivered.all.isEmpty)
        clock.jump(to: .at(5_000))
        #expect(await clock.settle { delivered.count == 1 })
        #expect(delivered.all == [["kept"]])
    }

    @Test("After closing nothing comes, and nothing sleeps")
    func close() async {
        queue.schedule("never", at: .at(1))
        await clock.settle { clock.sleeperCount == 1 }
        queue.close()
        #expect(await clock.settle { clock.sleeperCount == 0 })
        queue.schedule("neither", at: .at(2))
        clock.jump(to: .at(3))
        for _ in 0..<100 { await Task.yield() }
        #expect(clock.sleeperCount == 0)
        #expect(delivered.all.isEmpty)
    }

    @Test("A dropped queue leaves no sleeper")
    func dropped() async {
        var queue: TimerQueue<String>? = TimerQueue(clock: clock.leaseClock)
        queue?.schedule("x", at: .at(1))
        #expect(await clock.settle { clock.sleeperCount == 1 })
        queue = nil
        #expect(await clock.settle { clock.sleeperCount == 0 })
    }

    @Test("A receiver that takes long does not hold up the next timer")
    func slowReceiver() async {
        let queue = TimerQueue<String>(clock: clock.leaseClock)
        let watched = Recorder<LeaseClock.Instant?>()
        queue.deliver { [weak queue] _ in watched.add(queue?.sleepsUntil) }
        queue.schedule("slow", at: .at(1))
        queue.schedule("next", at: .at(2))
        await advance(to: 1)
        #expect(await clock.settle { watched.count == 1 })
        #expect(watched.all == [.at(2)], "the next timer is watched while the first is being delivered")
    }

    @Test("The sleeper keeps nothing of the task that has set the timer")
    func taskLocals() async {
        weak var witness: Witness?
        do {
            let context = Witness()
            witness = context
            Self.$context.withValue(context) {
                queue.schedule("a", at: .at(1))
                queue.schedule("b", at: .at(2))
            }
        }
        await advance(to: 1)
        await clock.settle { clock.nextDeadline == .at(2) }
        #expect(witness == nil)
    }
}
