import DistributedLocksTesting
import Testing

@testable import DistributedLocks

@Suite struct LatchTests {
    let latch = Latch<Int>()

    @Test("Everybody gets the first value, whenever they come")
    func value() async {
        let early = latch.enter()
        let waiting = Task { [latch] in await latch.value(for: early) }
        let entered = latch.enter()
        #expect(latch.current == nil)
        latch.open(1)
        latch.open(2)
        #expect(await waiting.value == 1)
        #expect(await latch.value(for: entered) == 1)
        #expect(await latch.value(for: latch.enter()) == 1)
        #expect(latch.current == 1)
    }

    @Test("One who is made to give up gets nothing; the others wait on")
    func giveUp() async {
        let before = latch.enter()
        latch.giveUp(before)
        #expect(await latch.value(for: before) == nil)
        let other = latch.enter()
        latch.giveUp(other)
        latch.giveUp(other)
        let stays = latch.enter()
        let waiting = Task { [latch] in await latch.value(for: stays) }
        latch.open(3)
        #expect(await waiting.value == 3)
        latch.giveUp(stays)
    }

    @Test("Giving up and opening at the same time, again and again: each waiter returns")
    func race() async {
        for _ in 0..<500 {
            let latch = Latch<Int>()
            let waiter = latch.enter()
            async let value = latch.value(for: waiter)
            async let opened: Void = latch.open(1)
            async let givenUp: Void = latch.giveUp(waiter)
            _ = await (opened, givenUp)
            let result = await value
            #expect(result == nil || result == 1)
        }
    }

    @Test("Cancellation does not end a wait")
    func cancellation() async {
        let waiter = latch.enter()
        let waiting = Task { [latch] in await latch.value(for: waiter) }
        waiting.cancel()
        for _ in 0..<20 { await Task.yield() }
        latch.open(5)
        #expect(await waiting.value == 5)
    }

    @Test("A slot tells its outcome to all who wait, before or after it is known; only the first one counts")
    func waitSlot() async throws {
        let slot = WaitSlot<String>()
        let waiting = Task { try await slot.outcome() }
        for _ in 0..<20 { await Task.yield() }
        slot.finish("one")
        slot.finish("two")
        #expect(try await waiting.value == "one")
        #expect(try await slot.outcome() == "one")
    }

    @Test("A cancelled wait in a slot ends at once, and disturbs nobody else")
    func cancelledSlot() async throws {
        let slot = WaitSlot<String>()
        let patient = Task { try await slot.outcome() }
        let cancelled = Task { try await slot.outcome() }
        for _ in 0..<20 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        slot.finish("done")
        #expect(try await patient.value == "done")
    }
}
