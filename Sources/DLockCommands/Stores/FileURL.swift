#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The URL of a folder (RFC 8089): `file:///folder`, `file://host/folder`, `file:/folder`.
struct FileURL: Hashable, Sendable {
    /// The host; empty for this machine.
    let host: String
    /// The absolute path, without a slash at its end.
    let path: String

    /// Whether the folder is on this machine.
    var isLocal: Bool { host.isEmpty || host.lowercased() == "localhost" }

    /// Reads a URL whose scheme is `file`; `nil` if it is none of a folder, or of the root folder.
    init?(_ text: String) {
        var rest = Substring(text)
        guard let colon = rest.firstIndex(of: ":"), rest[..<colon].lowercased() == "file" else { return nil }
        rest = rest[rest.index(after: colon)...]
        if rest.hasPrefix("//") {
            rest = rest.dropFirst(2)
            host = String(rest.prefix { $0 != "/" })
            rest = rest.dropFirst(host.count)
        } else {
            host = ""
        }
        guard !rest.contains("?"), !rest.contains("#"), let bytes = Self.percentDecoded(rest.utf8),
            let decoded = String(validating: bytes, as: UTF8.self), decoded.hasPrefix("/")
        else { return nil }
        path = Self.absolutePath(decoded)
        if path == "/" { return nil }
    }

    /// The URL of a folder of this machine.
    ///
    /// - Parameter path: The absolute path.
    /// - Returns: The URL, in ASCII.
    static func text(of path: String) -> String {
        path.utf8.reduce(into: "file://") { url, byte in
            if isPlain(byte) {
                url.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                url += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    /// The path from the root, without empty parts and dots in it. Two dots stay: what they mean depends on links.
    static func absolutePath(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : "\(currentFolder)/\(path)"
        return "/" + whole.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// Whether there is nothing at a path, though the folder that it would be in exists.
    static func isMissing(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) != 0, errno == ENOENT else { return false }
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        return parent.isEmpty || stat(parent, &status) == 0
    }

    private static var currentFolder: String {
        guard let folder = getcwd(nil, 0) else { return "" }
        defer { free(folder) }
        return String(cString: folder)
    }

    /// Whether a byte stands for itself in a path: the unreserved characters of RFC 3986, and what is harmless in paths.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~/!$&'()*+,=:@".utf8.contains(byte)
        }
    }

    /// The bytes that are meant; `nil` if a percent sign is not followed by two digits, or a byte is null.
    private static func percentDecoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, digits.first != "+", let value = UInt8(digits, radix: 16) else {
                    return nil
                }
                rest = rest.dropFirst(2)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return bytes.contains(0) ? nil : bytes
    }
}
