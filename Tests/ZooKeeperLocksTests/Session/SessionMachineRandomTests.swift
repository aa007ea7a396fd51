import Testing

@testable import ZooKeeperLocks

@Suite struct SessionMachineRandomTests {
    @Test
    func `Whatever servers and networks do, requests end once, connections do not overlap, and the end is the end`() {
        var (attachments, expiries) = (0, 0)
        for seed in 0..<250 as Range<UInt64> {
            var driver = SessionDriver(seed: seed)
            driver.run(150)
            #expect(driver.faults.isEmpty, "seed \(seed)")
            attachments += driver.attachments
            expiries += driver.expiries
        }
        #expect(attachments > 250 && expiries > 60)
    }
}
