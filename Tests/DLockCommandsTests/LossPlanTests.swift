import DistributedLocks
import Testing

@testable import DLockCommands

@Suite("When a command has to go")
struct LossPlanTests {
    private func at(_ seconds: Double) -> LeaseClock.Instant {
        .init(offset: .milliseconds(Int((seconds * 1_000).rounded())))
    }

    @Test("Nothing is planned while the lease is held")
    func held() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .held, at: at(1))
        #expect(plan.nextWake == nil)
        #expect(plan.orders(at: at(1_000)) == [])
    }

    @Test("An unconfirmed lease: TERM in time, KILL before its end")
    func unconfirmed() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .unconfirmed(until: at(30)), at: at(10))
        #expect(plan.orders(at: at(24.9)) == [])
        #expect(plan.nextWake == at(25))
        #expect(plan.orders(at: at(25)) == [.terminate])
        #expect(plan.orders(at: at(29.8)) == [])
        #expect(plan.nextWake == at(29.9))
        #expect(plan.orders(at: at(29.9)) == [.kill])
        #expect(plan.nextWake == nil)
        #expect(plan.orders(at: at(99)) == [])
        #expect(plan.hasOrdered)
    }

    @Test("A renewal that gets through in time takes everything back")
    func recovered() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .unconfirmed(until: at(30)), at: at(10))
        plan.leaseChanged(to: .held, at: at(12))
        #expect(plan.nextWake == nil)
        #expect(plan.orders(at: at(60)) == [])
        #expect(!plan.hasOrdered)
    }

    @Test("A short lease leaves a third of what remains")
    func short() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .unconfirmed(until: at(0.9)), at: at(0.3))
        #expect(plan.nextWake == at(0.7))
        #expect(plan.orders(at: at(0.7)) == [.terminate])
        #expect(plan.nextWake == at(0.84))
    }

    @Test("A lost lease: TERM at once, KILL a second later")
    func lost() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .lost(.revoked), at: at(5))
        #expect(plan.orders(at: at(5)) == [.terminate])
        #expect(plan.orders(at: at(5.9)) == [])
        #expect(plan.orders(at: at(6)) == [.kill])
    }

    @Test("A lease that is lost while unconfirmed does not get more time by it")
    func lostWhileUnconfirmed() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .unconfirmed(until: at(30)), at: at(10))
        _ = plan.orders(at: at(25))
        plan.leaseChanged(to: .lost(.expired), at: at(29.5))
        #expect(plan.orders(at: at(29.9)) == [.kill])
    }

    @Test("A late timer gives both orders at once")
    func late() {
        var plan = LossPlan(start: at(0), holdLimit: nil)
        plan.leaseChanged(to: .unconfirmed(until: at(30)), at: at(10))
        #expect(plan.orders(at: at(40)) == [.terminate, .kill])
    }

    @Test("holdAtMost is planned from the start, and survives a recovered renewal")
    func holdLimit() {
        var plan = LossPlan(start: at(0), holdLimit: at(60))
        #expect(plan.nextWake == at(55))
        plan.leaseChanged(to: .unconfirmed(until: at(30)), at: at(10))
        #expect(plan.nextWake == at(25))
        plan.leaseChanged(to: .held, at: at(11))
        #expect(plan.nextWake == at(55))
        #expect(plan.orders(at: at(55)) == [.terminate])
        #expect(plan.orders(at: at(59.9)) == [.kill])
    }

    @Test("The end that comes first counts")
    func earlierLimit() {
        var plan = LossPlan(start: at(0), holdLimit: at(20))
        plan.leaseChanged(to: .unconfirmed(until: at(30)), at: at(10))
        #expect(plan.nextWake == at(15))
    }
}
