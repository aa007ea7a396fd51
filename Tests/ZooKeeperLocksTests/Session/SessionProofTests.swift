import DistributedLocks
import Testing

@testable import ZooKeeperLocks

/// With a session timeout of ten seconds: a third is 3,333.3 ms, an eighth 1,250, and what is sure of it after the allowance for
/// clocks 9,898.
@Suite struct SessionProofTests {
    private static let sure = 9_898
    private static let uncertain = sure - 3_500

    /// A handshake that was sent at 0 and answered at 50.
    private static func proof() -> SessionProof {
        SessionProof(timeout: .seconds(10), handshakeSent: .at(0), answered: .at(50))
    }

    @Test func `A handshake counts from when it was sent`() {
        let proof = SessionProof(timeout: .seconds(10), handshakeSent: .at(1_000), answered: .at(4_000))
        #expect(proof.deadline == .at(1_000 + Self.sure) && proof.lastConfirmed == .at(1_000))
    }

    @Test func `Answers to pings prove nothing`() {
        var proof = Self.proof()
        for second in 1...600 { proof.answered(sent: .at(second * 1_000), at: .at(second * 1_000 + 1)) }
        #expect(proof.deadline == .at(Self.sure) && proof.lastConfirmed == .at(0))
    }

    @Test func `A transaction right after a base proves nothing`() {
        var proof = Self.proof()
        for time in stride(from: 6_000, to: 9_300, by: 100) {
            proof.answered(sent: .at(time), at: .at(time + 10))
            proof.confirmed(sent: .at(time), at: .at(time + 10))
        }
        #expect(proof.deadline == .at(Self.sure))
        #expect(proof.lastConfirmed == .at(9_200))
    }

    @Test func `A single transaction is good for the timeout from an old base, less a good part`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_343), at: .at(8_350))
        #expect(proof.deadline == .at(Self.sure))
        proof.confirmed(sent: .at(8_344), at: .at(8_351))
        #expect(proof.deadline == .at(5_000 + Self.uncertain))
    }

    @Test func `It is the answer to the base that has to be old, and the latest such base counts`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.answered(sent: .at(5_500), at: .at(6_900))
        proof.answered(sent: .at(6_000), at: .at(6_901))
        proof.answered(sent: .at(6_500), at: .at(6_902))
        proof.confirmed(sent: .at(10_233), at: .at(10_240))
        #expect(proof.deadline == .at(5_000 + Self.uncertain))
        proof.confirmed(sent: .at(10_235), at: .at(10_240))
        #expect(proof.deadline == .at(6_000 + Self.uncertain))
    }

    @Test func `A second transaction makes it certain`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_400), at: .at(8_410))
        proof.confirmed(sent: .at(8_410), at: .at(8_420))
        #expect(proof.deadline == .at(5_000 + Self.sure))
    }

    @Test func `It has to be sent after the first one was answered`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_400), at: .at(8_410))
        proof.confirmed(sent: .at(8_409), at: .at(8_420))
        proof.confirmed(sent: .at(8_405), at: .at(8_430))
        #expect(proof.deadline == .at(5_000 + Self.uncertain))
        // Of two that were answered, the one with the later base counts, as soon as it was answered early enough.
        proof.answered(sent: .at(6_000), at: .at(6_010))
        proof.confirmed(sent: .at(9_400), at: .at(9_500))
        #expect(proof.deadline == .at(5_000 + Self.sure))
        proof.confirmed(sent: .at(9_500), at: .at(9_600))
        #expect(proof.deadline == .at(6_000 + Self.sure))
    }

    @Test func `A transaction that was answered slowly proves nothing by itself, but the next one does`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_400), at: .at(9_651))
        #expect(proof.deadline == .at(Self.sure))
        proof.confirmed(sent: .at(9_651), at: .at(11_000))
        #expect(proof.deadline == .at(5_000 + Self.sure))
    }

    @Test func `Where all answers are slow, the session is known to live all the same`() {
        var proof = Self.proof()
        var under = [(sent: Int, answered: Int)]()
        for time in stride(from: 1_000, through: 100_000, by: 100) {
            if time.isMultiple(of: 400) { under.append((time, time + 1_300)) }
            guard let first = under.first, first.answered <= time else { continue }
            under.removeFirst()
            proof.answered(sent: .at(first.sent), at: .at(time))
            proof.confirmed(sent: .at(first.sent), at: .at(time))
            if time > 10_000 { #expect(proof.deadline > .at(time + 1_000)) }
        }
    }

    @Test func `An eighth of the timeout is not slow`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_400), at: .at(9_650))
        #expect(proof.deadline == .at(5_000 + Self.uncertain))
    }

    @Test func `The last of the three may be answered as slowly as it likes`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_400), at: .at(8_410))
        proof.confirmed(sent: .at(8_500), at: .at(14_000))
        #expect(proof.deadline == .at(5_000 + Self.sure))
    }

    @Test func `A deadline never moves back`() {
        var proof = Self.proof()
        proof.answered(sent: .at(5_000), at: .at(5_010))
        proof.confirmed(sent: .at(8_400), at: .at(8_410))
        proof.confirmed(sent: .at(8_500), at: .at(8_510))
        proof.confirmed(sent: .at(8_450), at: .at(8_520))
        #expect(proof.deadline == .at(5_000 + Self.sure) && proof.lastConfirmed == .at(8_500))
    }

    @Test func `The allowance for clocks is a hundredth and two milliseconds`() {
        for timeout in [Duration.seconds(1), .seconds(4), .seconds(3_600)] {
            let proof = SessionProof(timeout: timeout, handshakeSent: .at(0), answered: .at(1))
            #expect(proof.deadline.offset == timeout - timeout / 100 - .milliseconds(2))
        }
    }

    @Test func `Transactions one after the other keep the deadline far away`() {
        var proof = Self.proof()
        // As the store sends them: one every eighth of the timeout.
        for time in stride(from: 1_250, through: 100_000, by: 1_250) {
            proof.answered(sent: .at(time), at: .at(time + 5))
            proof.confirmed(sent: .at(time), at: .at(time + 5))
            guard time > 10_000 else { continue }
            #expect(proof.deadline >= .at(time + 9_898 - 5_010))
            #expect(proof.deadline <= .at(time + 9_898 - 3_333))
        }
    }

    @Test func `A client that only pings for months keeps little in mind`() throws {
        var proof = Self.proof()
        for second in 1...20_000 {
            proof.answered(sent: .at(second * 1_000), at: .at(second * 1_000 + 5))
            guard second.isMultiple(of: 100) else { continue }
            #expect(try Self.kept(proof) <= 64)
        }
        proof.confirmed(sent: .at(20_001_000), at: .at(20_001_010))
        #expect(proof.deadline == .at(19_997_000 + Self.uncertain))
    }

    @Test func `A client that sends thousands of transactions a second keeps little in mind`() throws {
        var proof = Self.proof()
        for time in 1...40_000 {
            proof.answered(sent: .at(time), at: .at(time + 3))
            proof.confirmed(sent: .at(time), at: .at(time + 3))
            guard time.isMultiple(of: 1_000) else { continue }
            #expect(try Self.kept(proof) <= 128)
        }
    }

    /// How many requests and transactions a proof keeps in mind.
    private static func kept(_ proof: SessionProof) throws -> Int {
        try ["touches", "middles"].reduce(0) { sum, name in
            let kept = try #require(Mirror(reflecting: proof).descendant(name))
            return sum + Mirror(reflecting: kept).children.count
        }
    }
}
