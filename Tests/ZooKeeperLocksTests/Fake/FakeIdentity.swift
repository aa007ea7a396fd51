import Foundation

@testable import ZooKeeperLocks

/// Who a connection has proved to be.
struct FakeIdentity: Hashable {
    let scheme: String
    let id: String

    /// Everybody on a loopback address.
    static let local = FakeIdentity(scheme: "ip", id: "127.0.0.1")

    /// What `user:password` proves.
    static func digest(_ secret: [UInt8]) -> FakeIdentity? {
        let text = String(decoding: secret, as: UTF8.self)
        guard let user = text.split(separator: ":", omittingEmptySubsequences: false).first else { return nil }
        return FakeIdentity(scheme: "digest", id: "\(user):\(Data(SHA1.digest(secret)).base64EncodedString())")
    }

    /// Whether one of the rules lets somebody do something.
    static func allows(
        _ rules: [AccessRule],
        _ permission: AccessRule.Permissions,
        _ identities: [FakeIdentity]
    ) -> Bool {
        rules.contains { rule in
            guard !rule.permissions.isDisjoint(with: permission) else { return false }
            if rule.scheme == "world" && rule.identity == "anyone" { return true }
            return identities.contains(FakeIdentity(scheme: rule.scheme, id: rule.identity))
        }
    }

    /// The rules of a new node, with those for whoever makes it spelled out.
    static func rules(_ asked: [AccessRule], for identities: [FakeIdentity]) throws(ServerError) -> [AccessRule] {
        guard !asked.isEmpty else { throw .invalidACL }
        var rules: [AccessRule] = []
        for rule in asked where !rules.contains(rule) {
            switch rule.scheme {
            case "world" where rule.identity == "anyone": rules.append(rule)
            case "auth":
                let proved = identities.filter { $0.scheme == "digest" }
                guard !proved.isEmpty else { throw .invalidACL }
                rules += proved.map {
                    AccessRule(permissions: rule.permissions, scheme: $0.scheme, identity: $0.id)
                }
            case "digest" where rule.identity.split(separator: ":").count == 2: rules.append(rule)
            case "ip" where !rule.identity.isEmpty: rules.append(rule)
            default: throw .invalidACL
            }
        }
        return rules
    }
}

/// The hash that `digest` identities are made with (FIPS 180-4).
enum SHA1 {
    static func digest(_ message: [UInt8]) -> [UInt8] {
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var bytes = message + [0x80]
        while bytes.count % 64 != 56 { bytes.append(0) }
        let bits = UInt64(message.count) * 8
        bytes += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        for start in stride(from: 0, to: bytes.count, by: 64) { mix(bytes[start..<start + 64], &state) }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
    }

    private static func mix(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { index in
            block[index..<index + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<80 {
            words.append(rotate(words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16], 1))
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (index, word) in words.enumerated() {
            let (choice, constant): (UInt32, UInt32) =
                switch index {
                case ..<20: ((b & c) | (~b & d), 0x5A82_7999)
                case ..<40: (b ^ c ^ d, 0x6ED9_EBA1)
                case ..<60: ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
                default: (b ^ c ^ d, 0xCA62_C1D6)
                }
            let next = rotate(a, 5) &+ choice &+ e &+ constant &+ word
            (e, d, c, b, a) = (d, c, rotate(b, 30), a, next)
        }
        for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}
