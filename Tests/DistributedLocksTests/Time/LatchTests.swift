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

    @Test("A wait in a list is resolved once, before or after it begins")
    func waitList() async {
        let list = WaitList<String>()
        let first = OwnerID(high: 0, low: 1)
        let second = OwnerID(high: 0, low: 2)
        #expect(!list.resolve(first, "too early"))
        list.enter(first)
        list.enter(second)
        #expect(Set(list.owners) == [first, second])
        #expect(list.resolve(first, "one"))
        #expect(!list.resolve(first, "two"))
        #expect(await list.outcome(of: first) == "one")
        let waiting = Task { await list.outcome(of: second) }
        for _ in 0..<20 { await Task.yield() }
        #expect(list.resolve(second, "three"))
        #expect(await waiting.value == "three")
        #expect(!list.resolve(second, "four"))
        list.enter(first)
        list.leave(first)
        #expect(!list.resolve(first, "left"))
        #expect(list.owners.isEmpty)
    }
}
