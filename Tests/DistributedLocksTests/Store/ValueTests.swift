import DistributedLocksTesting
import Testing

@testable import DistributedLocks

/// The small values of the seam.
@Suite struct ValueTests {
    @Test("Names are compared by bytes, not by what they look like")
    func nameBytes() throws {
        let composed = try LockName("\u{E9}")
        let decomposed = try LockName("e\u{301}")
        #expect(composed.text == decomposed.text, "as strings they are equal")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(try LockName("\u{E9}") == composed)
        #expect(try LockName("\u{E9}").hashValue == composed.hashValue)
        #expect(decomposed < composed)
        #expect(!(composed < decomposed))
        #expect(try LockName("Z") < LockName("a"))
        #expect(try LockName("a") < LockName("ab"))
    }

    @Test("Names have from 1 to 1,024 bytes of any kind")
    func nameLength() throws {
        #expect(try LockName(String(repeating: "x", count: 1_024)).text.utf8.count == 1_024)
        #expect(try LockName(String(repeating: "\u{E9}", count: 512)).text.utf8.count == 1_024)
        #expect(try LockName("a/b\0\n\u{1F512} ").description == "a/b\0\n\u{1F512} ")
        #expect(throws: LockError.invalid("the name of a lock must not be empty")) { try LockName("") }
        for long in [String(repeating: "x", count: 1_025), String(repeating: "\u{E9}", count: 512) + "x"] {
            #expect(
                throws: LockError.invalid("the name of a lock has 1025 bytes; at most 1024 are allowed")
            ) { try LockName(long) }
        }
    }

    @Test func fencingTokens() {
        let tokens = [3, 1, UInt64.max, 2].map(FencingToken.init(rawValue:))
        #expect(tokens.sorted().map(\.rawValue) == [1, 2, 3, .max])
        #expect(FencingToken(rawValue: 9_007_199_254_740_993).description == "9007199254740993")
    }

    @Test("An owner id is read as it is written")
    func ownerRoundTrip() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            let owner = OwnerID(high: random.next() >> UInt64.random(in: 0..<64, using: &random), low: random.next())
            #expect(owner.description.utf8.count == 32)
            #expect(OwnerID(owner.description) == owner)
        }
        #expect(OwnerID(high: 1, low: 0xAB).description == "000000000000000100000000000000ab")
    }

    @Test(
        "Anything else is no owner id",
        arguments: [
            "", "0", String(repeating: "0", count: 31), String(repeating: "0", count: 33),
            String(repeating: "A", count: 32), "+" + String(repeating: "0", count: 31),
            String(repeating: "0", count: 16) + "-" + String(repeating: "0", count: 15),
            String(repeating: "\u{E9}", count: 16), String(repeating: "g", count: 32),
        ]
    )
    func notAnOwner(text: String) {
        #expect(OwnerID(text) == nil)
    }

    @Test("The deadline: from the sending, less one per cent and 2 ms")
    func leaseTerm() {
        let term = LeaseTerm(ttl: .seconds(30))
        #expect(term.driftAllowance == .milliseconds(302))
        #expect(term.deadline(confirmedBySending: .at(100)) == .at(129.698))
        #expect(LeaseTerm(ttl: .milliseconds(1)).deadline(confirmedBySending: .at(5)) < .at(5))
    }

    @Test func holders() {
        #expect(Holder().description == "an unknown holder")
        #expect(Holder(host: "web-3").description == "web-3")
        #expect(Holder(host: "web-3", processID: 8_123).description == "web-3 (pid 8123)")
        #expect(Holder(host: "web-3", processID: 8_123, label: "nightly").description == "web-3 (pid 8123, nightly)")
        #expect(Holder(label: "nightly").description == "nightly")
        #expect(Holder.currentProcess.processID.map { $0 > 0 } == true)
        #expect(Holder.currentProcess.host?.isEmpty == false)
    }

    @Test("The same seed gives the same numbers; jitter stays within its bounds and reaches them")
    func randomSource() {
        func numbers(_ seed: UInt64) -> [UInt64] {
            let source = RandomSource(SeededGenerator(seed: seed))
            return (0..<10).map { _ in source.next() }
        }
        #expect(numbers(1) == numbers(1))
        #expect(numbers(1) != numbers(2))
        #expect(RandomSource.system.next() != RandomSource.system.next())
        let source = RandomSource(SeededGenerator(seed: 3))
        let jitters = (0..<1_000).map { _ in source.jitter(upTo: .seconds(1)) }
        #expect(jitters.allSatisfy { $0 >= .zero && $0 < .seconds(1) })
        #expect(jitters.contains { $0 < .milliseconds(20) })
        #expect(jitters.contains { $0 > .milliseconds(980) })
        #expect(source.jitter(upTo: .zero) == .zero)
        #expect(source.jitter(upTo: .seconds(-1)) == .zero)
    }

    @Test("The first loss counts, whoever listens when")
    func lossSignal() {
        let early = LossSignal()
        let heard = Recorder<LossReason>()
        early.raise(.revoked)
        early.raise(.expired)
        early.listen { heard.add($0) }
        #expect(heard.all == [.revoked])
        let late = LossSignal()
        late.listen { heard.add($0) }
        late.raise(.sessionEnded)
        late.raise(.removed)
        #expect(heard.all == [.revoked, .sessionEnded])
    }
}
