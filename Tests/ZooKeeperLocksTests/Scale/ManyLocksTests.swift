import DistributedLocks
import Foundation
import Glibc
import TestSupport
import Testing

extension ScaleTests {
    @Suite struct ManyLocksTests {
        /// How many locks are held, and for how long nothing is done with them.
        struct Load: Sendable, CustomTestStringConvertible {
            let count: Int
            let time: Duration

            var testDescription: String { "\(count) locks for \(time)" }
        }

        private static let soaks = ProcessInfo.processInfo.environment["DLOCK_SOAK"] != nil
        private static let loads =
            [Load(count: 2_000, time: .seconds(4))] + (soaks ? [Load(count: 5_000, time: .seconds(30))] : [])
        private static let session = Duration.seconds(20)

        /// What a process has used so far: processor time in seconds, and resident memory in bytes.
        private func use(_ pid: Int32) -> (processor: Double, memory: Int) {
            func fields(_ file: String) -> [Substring] {
                let text = String(decoding: Descriptors.contents("/proc/\(pid)/\(file)"), as: UTF8.self)
                return (text.split(separator: ")").last ?? "").split(separator: " ")
            }
            let ticks = fields("stat").dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
            let pages = fields("statm").dropFirst().first.flatMap { Int($0) } ?? 0
            return (ticks / Double(sysconf(Int32(_SC_CLK_TCK))), pages * Int(sysconf(Int32(_SC_PAGESIZE))))
        }

        /// The program lies beside the test's own executable.
        private static var probe: String {
            let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
            return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("ZooKeeperStoreProbe")
                .path
        }

        @Test(arguments: loads)
        func `Thousands of locks in one session cost next to nothing while nothing happens to them`(
            _ load: Load
        ) async throws {
            // A server of its own, since its packets are counted.
            try await TestZooKeeperServer.with { server in
                let seconds = Int(Self.session / .seconds(1))
                let url = "zookeeper://\(server.address)/locks?session-timeout=\(seconds)s&timeout=30s"
                let probe = try PeerProcess([Self.probe, url])
                try await probe.line("ready")
                let before = use(probe.pid)
                probe.send("hold \(load.count)")
                try await probe.line("held \(load.count)")
                let inspector = try server.inspector()
                try await waitUntil("all watches", within: .seconds(60)) {
                    try await server.number("zk_watch_count") >= load.count
                }
                let (start, packets) = (use(probe.pid), try await server.packetsReceived())
                try await Task.sleep(for: load.time)
                let (end, after) = (use(probe.pid), try await server.packetsReceived())
                let time = load.time / .seconds(1)
                let share = (end.processor - start.processor) / time
                print(
                    """
                    \(load.testDescription): \(Double(after - packets) / time) packets per second, \
                    processor \((share * 1_000).rounded() / 10) %, \
                    memory \((start.memory - before.memory) / load.count) bytes for each lock
                    """
                )
                // Proofs and pings of one session, eight and ten of them in a session timeout; and the questions of this test.
                #expect(Double(after - packets) <= time / (Self.session / .seconds(1)) * 18 + 8)
                // Of a processor; the tests are not optimized.
                #expect(share < 0.0001 * Double(load.count))
                probe.send("check")
                try await probe.line("has \(load.count)")
                #expect(try await inspector.children("/locks").count == load.count)
                probe.send("release")
                try await probe.line("released \(load.count)")
                #expect(try await server.number("zk_ephemerals_count") == 0)
            }
        }
    }
}
