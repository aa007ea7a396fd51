/// Calls `body` with C arrays of C strings, each of which ends with a null pointer.
///
/// - Parameters:
///   - lists: The strings of each array.
///   - body: Gets the arrays in the same order, valid until it returns.
/// - Returns: What `body` returns.
func withCStringArrays<Result>(
    _ lists: [[ByteString]],
    _ body: ([UnsafePointer<UnsafePointer<CChar>?>?]) -> Result
) -> Result {
    var characters: [CChar] = []
    var offsets: [Int?] = []
    var starts: [Int] = []
    for strings in lists {
        starts.append(offsets.count)
        for string in strings {
            offsets.append(characters.count)
            characters.append(contentsOf: string.bytes.map(CChar.init(bitPattern:)))
            characters.append(0)
        }
        offsets.append(nil)
    }
    // Holds one string at least, so that it has a base address.
    characters.append(0)
    return characters.withUnsafeBufferPointer { characters in
        let pointers: [UnsafePointer<CChar>?] = offsets.map { offset in
            offset.flatMap { offset in characters.baseAddress.map { $0 + offset } }
        }
        return pointers.withUnsafeBufferPointer { pointers in
            body(starts.map { start in pointers.baseAddress.map { $0 + start } })
        }
    }
}
