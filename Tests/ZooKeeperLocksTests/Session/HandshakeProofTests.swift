import DistributedLocks
import Testing

@testable import ZooKeeperLocks

/// With a session timeout of ten seconds, of which 9,898 ms are sure.
@Suite struct HandshakeProofTests {
    private static let sure = 9_898

    private static func proof(_ sent: Int, after earlier: SessionProof? = nil, timeout: Int = 10) -> SessionProof {
        SessionProof(
            timeout: .seconds(timeout),
            handshakeSent: .at(sent),
            answered: .at(sent + 50),
            after: earlier
        )
    }

    @Test func `A handshake alone proves nothing: the leader may have been replaced`() {
        var proof = Self.proof(1_000)
        #expect(proof.certainDeadline == .at(1_000))
        proof.answered(sent: .at(1_100), at: .at(1_110))
        #expect(proof.certainDeadline == .at(1_000))
    }

    @Test func `A transaction that is sent after it shows that it counts, however slow that is`() {
        var proof = Self.proof(1_000)
        proof.confirmed(sent: .at(1_049), at: .at(1_060))
        #expect(proof.certainDeadline == .at(1_000), "sent before it was answered")
        proof.confirmed(sent: .at(1_050), at: .at(4_000))
        #expect(proof.certainDeadline == .at(1_000 + Self.sure))
        #expect(proof.certainDeadline == proof.deadline)
    }

    @Test func `Until then what was known before counts`() {
        var first = Self.proof(0)
        first.confirmed(sent: .at(100), at: .at(110))
        var second = Self.proof(5_000, after: first)
        #expect(second.certainDeadline == .at(Self.sure))
        #expect(second.lastConfirmed == .at(100))
        let third = Self.proof(6_000, after: second)
        #expect(third.certainDeadline == .at(Self.sure), "nothing was shown in between")
        second.confirmed(sent: .at(5_100), at: .at(5_110))
        #expect(second.certainDeadline == .at(5_000 + Self.sure))
    }

    @Test func `A server that makes the timeout shorter is believed at once`() {
        var first = Self.proof(0)
        first.confirmed(sent: .at(100), at: .at(110))
        let second = Self.proof(1_000, after: first, timeout: 4)
        #expect(second.certainDeadline == .at(1_000 + 4_000 - 42))
    }
}
