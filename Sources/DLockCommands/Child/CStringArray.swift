/// Calls `body` with a C array of C strings that ends with a null pointer.
///
/// - Parameters:
///   - strings: The strings.
///   - body: Gets an array that is valid until it returns.
/// - Returns: What `body` returns.
func withCStringArray<Result>(
    _ strings: [ByteString],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    var characters: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(characters.count)
        characters.append(contentsOf: string.bytes.map(CChar.init(bitPattern:)))
        characters.append(0)
    }
    // Holds one string at least, so that it has a base address.
    characters.append(0)
    return characters.withUnsafeBufferPointer { characters in
        var pointers: [UnsafePointer<CChar>?] = offsets.map { offset in characters.baseAddress.map { $0 + offset } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
