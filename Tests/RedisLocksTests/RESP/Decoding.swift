import NIOCore

@testable import RedisLocks

/// What a decoder makes of bytes.
struct Decoding: Hashable {
    /// In the order in which they came.
    var values: [RESPValue] = []
    /// What ended it, if anything did.
    var failure: RESPProtocolError?
    /// How many bytes were left, waiting for more.
    var rest = 0

    /// Feeds `pieces` to a decoder, and asks it for values after each.
    init(_ pieces: some Sequence<ArraySlice<UInt8>>, limits: RESPLimits = .init()) {
        var decoder = RESPDecoder(limits: limits)
        for piece in pieces { feed(piece, to: &decoder) }
        rest = decoder.bufferedBytes
    }

    /// Everything in one read.
    init(_ bytes: [UInt8], limits: RESPLimits = .init()) {
        self.init(CollectionOfOne(bytes[...]), limits: limits)
    }

    /// Everything in one read.
    init(_ text: String, limits: RESPLimits = .init()) {
        self.init(Array(text.utf8), limits: limits)
    }

    private mutating func feed(_ piece: ArraySlice<UInt8>, to decoder: inout RESPDecoder) {
        decoder.append(ByteBuffer(bytes: piece))
        do throws(RESPProtocolError) {
            while let value = try decoder.next() { values.append(value.comparable) }
        } catch {
            failure = error
        }
    }
}

extension [UInt8] {
    /// Two reads.
    func cut(at index: Int) -> [ArraySlice<UInt8>] { [self[..<index], self[index...]] }

    /// Reads of up to `size` bytes each.
    func pieces(of size: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

extension RESPValue {
    /// The same, with something that equals itself for the one number that does not.
    var comparable: RESPValue {
        switch self {
        case .double(let number) where number.isNaN: .bigNumber("nan")
        case .array(let elements): .array(elements.map(\.comparable))
        case .map(let elements): .map(elements.map(\.comparable))
        case .push(let elements): .push(elements.map(\.comparable))
        default: self
        }
    }

    /// A string of these letters.
    static func text(_ text: String) -> RESPValue { .string(ByteBuffer(string: text)) }
}
