import DistributedLocksTesting
import InMemoryLogging
import InMemoryTracing
import Logging
import Metrics
import MetricsTestKit
import ServiceContextModule
import Testing
import Tracing

@testable import DistributedLocks

/// What a service tells of itself through the standard packages.
@Suite struct ObservabilityTests {
    let metrics = TestMetrics()
    let tracer = InMemoryTracer()
    let bench: Bench
    var store: ScriptedStore { bench.store }

    init() {
        let metrics = metrics
        let tracer = tracer
        bench = Bench {
            $0.metricsFactory = metrics
            $0.tracer = tracer
        }
    }

    private func timer(_ label: String, _ dimensions: [(String, String)] = []) throws -> [Int64] {
        try metrics.expectTimer(label, [("store", "scripted:")] + dimensions).values
    }

    private func counter(_ label: String, _ dimensions: [(String, String)] = []) throws -> Int64 {
        try metrics.expectCounter(label, [("store", "scripted:")] + dimensions).totalValue
    }

    @Test("Waits by outcome, holds, renewals, losses")
    func metrics() async throws {
        store.onAcquire { [store, clock = bench.clock] request in
            clock.jump(by: .seconds(2))
            return .granted(store.grant(request))
        }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 12)
        #expect(await bench.clock.settle { store.renewed.count == 1 })
        await lease.release()
        #expect(try timer("lock.acquire", [("outcome", "acquired")]) == [2_000_000_000])
        #expect(try timer("lock.hold") == [10_000_000_000])
        #expect(try counter("lock.renewals", [("result", "confirmed")]) == 1)
        #expect(try counter("lock.losses") == 0)
        store.onAcquire { _ in .unavailable(Contention()) }
        _ = try await bench.lock().tryAcquire()
        #expect(try timer("lock.acquire", [("outcome", "busy")]) == [0])
    }

    @Test("Losses and failed renewals are counted")
    func losses() async throws {
        let answers = Recorder<Int>()
        store.onRenew { [store] requests in
            answers.add(1)
            return requests.map { _ in answers.count == 1 ? .unknown(store.unreachable) : .refused(.removed) }
        }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 15)
        #expect(lease.state == .lost(.removed))
        #expect(try counter("lock.losses") == 1)
        #expect(try counter("lock.renewals", [("result", "unknown")]) == 1)
        #expect(try counter("lock.renewals", [("result", "refused")]) == 1)
    }

    @Test("A hold is recorded once, however it ends", arguments: [nil, Duration.seconds(20)])
    func once(holdAtLeast: Duration?) async throws {
        let lease = try await bench.lock(options: LockOptions(holdAtLeast: holdAtLeast)).acquire()
        await bench.advance(to: 1)
        await lease.release()
        await bench.advance(to: 30)
        #expect(try timer("lock.hold") == [1_000_000_000])
        #expect(tracer.finishedSpans.map(\.operationName) == ["lock.acquire", "lock.hold"])
        #expect(tracer.activeSpans.isEmpty)
    }

    @Test("Spans around the wait and the hold; what the body does is part of the hold")
    func spans() async throws {
        let tracer = tracer
        try await tracer.withSpan("caller") { _ in
            try await bench.lock("orders/42").withLock { _ in
                tracer.withSpan("inside") { _ in }
            }
        }
        let spans = Dictionary(grouping: tracer.finishedSpans, by: \.operationName).compactMapValues(\.first)
        let acquire = try #require(spans["lock.acquire"])
        let hold = try #require(spans["lock.hold"])
        let caller = try #require(spans["caller"])
        #expect(acquire.parentSpanID == caller.spanID)
        #expect(hold.parentSpanID == caller.spanID)
        #expect(spans["inside"]?.parentSpanID == hold.spanID)
        for span in [acquire, hold] {
            #expect(span.attributes["lock.name"]?.toSpanAttribute() == .string("orders/42"))
            #expect(span.attributes["lock.mode"]?.toSpanAttribute() == .string("exclusive"))
            #expect(span.attributes["lock.store"]?.toSpanAttribute() == .string("scripted:"))
            #expect(span.status == nil)
        }
        #expect(acquire.attributes["lock.outcome"]?.toSpanAttribute() == .string("acquired"))
        #expect(hold.attributes["lock.token"]?.toSpanAttribute() == .string("1"))
    }

    @Test("A failed acquire and a loss are errors of their spans; being busy is none")
    func errors() async throws {
        let error = store.unreachable
        store.onAcquire { _ in throw error }
        _ = try? await bench.lock().acquire()
        store.onAcquire { _ in .unavailable(Contention()) }
        _ = try await bench.lock().tryAcquire()
        store.onAcquire { [store] in .granted(store.grant($0)) }
        store.onRenew { $0.map { _ in .refused(.removed) } }
        let lease = try await bench.lock().acquire()
        await bench.advance(to: 10)
        #expect(lease.state == .lost(.removed))
        let spans = tracer.finishedSpans
        #expect(spans.map(\.status?.code) == [.error, nil, nil, .error])
        #expect(spans[0].errors.first?.error as? LockError == error)
        #expect(spans[3].status?.message == LossReason.removed.description)
    }

    @Test("A loss and what led to it are logged once; warnings carry the lock's name, mode, owner and token")
    func logs() async throws {
        store.onRenew { [store] in $0.map { _ in .unknown(store.unreachable) } }
        let lease = try await bench.lock("orders/42").acquire()
        await bench.advance(to: 31)
        #expect(lease.state == .lost(.expired))
        #expect(bench.warnings == ["Renewal of the lease is failing", "The lease is lost"], "once each")
        let entry = try #require(bench.logs.entries.last { $0.level == .warning })
        #expect(entry.metadata["lock.name"] == "orders/42")
        #expect(entry.metadata["lock.mode"] == "exclusive")
        #expect(entry.metadata["lock.token"] == "1")
        #expect(entry.metadata["lock.owner"]?.description.utf8.count == 32)
        #expect(entry.metadata["lock.reason"] == "\(LossReason.expired)")
        let failing = try #require(bench.logs.entries.first { $0.level == .warning })
        #expect(failing.metadata["lock.remaining"] != nil)
        #expect(bench.logs.entries.contains { $0.level == .debug && $0.metadata["error"] != nil })
    }
}
