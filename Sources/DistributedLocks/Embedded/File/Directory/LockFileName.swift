/// The names of the files that keep locks.
///
/// Different lock names have different files, also on file systems that do not tell upper from lower case, and none
/// leaves the directory: every byte but `a`–`z`, `0`–`9`, `.`, `_` and `-` is written as `%` and two hexadecimal
/// digits, and so is a leading dot. A name that gets too long for a file system is cut and ends in `~` and a hash of
/// the whole; as the file also holds the full name, two names that would share it are noticed.
package enum LockFileName {
    /// What all lock files end in.
    package static let suffix = ".lock"
    /// Longer encodings are cut. File systems allow 255 bytes.
    static let maximumLength = 200
    /// How much of a name that is too long stays readable.
    static let prefixLength = 120

    /// The name of the file of `name`.
    package static func encode(_ name: LockName) -> String {
        let encoded = percentEncoded(name.bytes)
        let stem = encoded.count <= maximumLength ? encoded : shortened(encoded, of: name)
        return String(decoding: stem, as: UTF8.self) + suffix
    }

    private static func percentEncoded(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + suffix.utf8.count)
        for byte in bytes {
            if isPlain(byte), !(byte == UInt8(ascii: ".") && result.isEmpty) {
                result.append(byte)
            } else {
                result += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 0xF)]
            }
        }
        return result
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func shortened(_ encoded: [UInt8], of name: LockName) -> [UInt8] {
        var prefix = encoded.prefix(prefixLength)
        if let escape = prefix.suffix(2).lastIndex(of: UInt8(ascii: "%")) { prefix = prefix[..<escape] }
        let hash = hash(name.bytes)
        let digits = OwnerID(high: UInt64(hash >> 64), low: UInt64(truncatingIfNeeded: hash)).description
        return prefix + [UInt8(ascii: "~")] + digits.utf8
    }

    /// FNV-1a with 128 bits (https://datatracker.ietf.org/doc/rfc9923/).
    private static func hash(_ bytes: [UInt8]) -> UInt128 {
        bytes.reduce(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d) {
            ($0 ^ UInt128($1)) &* 0x0100_0000_0000_0000_0000_013b
        }
    }
}
