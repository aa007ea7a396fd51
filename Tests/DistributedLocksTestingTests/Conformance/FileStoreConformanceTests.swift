import DistributedLocks
import DistributedLocksTesting
import Foundation
import Testing

@Suite("The file store conforms")
struct FileStoreConformanceTests {
    @Test(arguments: StoreConformance.checks)
    func conforms(_ check: ConformanceCheck) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("dlock-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let outcome = try await check.run(on: StoreFixture { try FileStore(directory: directory) })
        if case .skipped(let reason) = outcome { try Test.cancel("\(reason)") }
    }
}
