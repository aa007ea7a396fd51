import DistributedLocksTesting
import NIOCore

@testable import RedisLocks

/// Makes values up, and writes them down as a server might: where there are several ways, any of them.
struct RESPEncoder {
    private(set) var bytes: [UInt8] = []
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// Writes a random value.
    ///
    /// - Returns: The value.
    mutating func value(depth: Int = 0) -> RESPValue {
        if chance(20) { attribute(depth) }
        switch Int.random(in: 0..<(depth < 4 ? 12 : 8), using: &random) {
        case 0: return string()
        case 1: return integer()
        case 2: return null()
        case 3: return boolean()
        case 4: return double()
        case 5: return error()
        case 6: return bigNumber()
        case 7: return string()
        case 8 where depth == 0: return .push(elements(">", depth))
        case 9: return .map(elements("%", depth))
        case 10: return .array(elements("~", depth))
        default: return .array(elements("*", depth))
        }
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func write(_ text: String) { bytes += Array(text.utf8) }

    private mutating func attribute(_ depth: Int) {
        guard depth < 4 else { return }
        _ = elements("|", depth)
    }

    private mutating func elements(_ type: Character, _ depth: Int) -> [RESPValue] {
        let count = Int.random(in: 0...3, using: &random)
        write("\(type)\(count)\r\n")
        let factor = type == "%" || type == "|" ? 2 : 1
        return (0..<count * factor).map { _ in value(depth: depth + 1) }
    }

    private mutating func string() -> RESPValue {
        if chance(4) {
            write("+status 1\r\n")
            return .text("status 1")
        }
        let count = Int.random(in: 0...(chance(40) ? 3_000 : 30), using: &random)
        let payload = (0..<count).map { _ in chance(3) ? 13 : UInt8.random(in: 0...255, using: &random) }
        write(chance(5) ? "=\(count + 4)\r\ntxt:" : "$\(count)\r\n")
        bytes += payload
        write("\r\n")
        return .string(ByteBuffer(bytes: payload))
    }

    private mutating func integer() -> RESPValue {
        let number = Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random)
        write(":\(number > 0 && chance(5) ? "+" : "")\(number)\r\n")
        return .integer(number)
    }

    private mutating func null() -> RESPValue {
        write(["_\r\n", "$-1\r\n", "*-1\r\n"].randomElement(using: &random) ?? "")
        return .null
    }

    private mutating func boolean() -> RESPValue {
        let value = Bool.random(using: &random)
        write(value ? "#t\r\n" : "#f\r\n")
        return .boolean(value)
    }

    private mutating func double() -> RESPValue {
        let bits = Double(bitPattern: UInt64.random(in: .min ... .max, using: &random))
        let number = bits.isNaN ? -.infinity : bits
        write(",\(number)\r\n")
        return .double(number)
    }

    private mutating func error() -> RESPValue {
        write(Bool.random(using: &random) ? "-ERR no such key\r\n" : "!15\r\nERR no such key\r\n")
        return .error(RESPError(code: "ERR", message: "no such key"))
    }

    private mutating func bigNumber() -> RESPValue {
        let digits = "\(UInt64.random(in: .min ... .max, using: &random))00000000000000000000"
        write("(-\(digits)\r\n")
        return .bigNumber("-\(digits)")
    }
}
