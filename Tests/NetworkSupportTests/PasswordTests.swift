import DistributedLocks
import NetworkSupport
import TestSupport
import Testing

@Suite struct PasswordTests {
    @Test func `A password is shown by nothing that shows where it came from`() {
        let password = Password("sesame", source: .variable("X"))
        #expect(!Secret.shown(password).contains("sesame"))
        #expect(!Secret.shown(Optional(password) as Any).contains("sesame"))
        #expect(!Secret.shown([password]).contains("sesame"))
    }

    @Test func `Exactly one place may have it`() throws {
        func find(_ written: String?, _ file: String?, _ variable: String?) throws(LockError) -> Password? {
            try Password.find(written: written, file: file, variable: variable, fallback: "F") { "of \($0)" }
        }
        #expect(try find("a", nil, nil) == Password("a", source: .given))
        #expect(try find(nil, nil, "X") == Password("of X", source: .variable("X")))
        #expect(try find(nil, nil, nil) == Password("of F", source: .fallback))
        for (written, file, variable) in [("a", "b", nil), ("a", nil, "c"), (nil, "b", "c"), ("a", "b", "c")] {
            #expect(throws: LockError.self) { try find(written, file, variable) }
        }
    }
}
