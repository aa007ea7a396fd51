import CDLockChild

/// The environment variables of a child: `NAME=value` entries, in whatever encoding.
struct ChildEnvironment: Hashable, Sendable {
    private(set) var entries: [ByteString]

    /// The variables of this process.
    static var inherited: ChildEnvironment {
        var entries: [ByteString] = []
        guard var next = dlock_environment() else { return ChildEnvironment(entries: []) }
        while let entry = next.pointee {
            entries.append(ByteString(cString: entry))
            next += 1
        }
        return ChildEnvironment(entries: entries)
    }

    init(entries: [ByteString]) {
        self.entries = entries
    }

    /// The value of a variable.
    subscript(name: String) -> ByteString? {
        get {
            let prefix = Array("\(name)=".utf8)
            return entries.first { $0.bytes.starts(with: prefix) }.map { ByteString($0.bytes.dropFirst(prefix.count)) }
        }
        set {
            let prefix = Array("\(name)=".utf8)
            entries.removeAll { $0.bytes.starts(with: prefix) }
            if let newValue { entries.append(ByteString(prefix + newValue.bytes)) }
        }
    }
}

extension ChildEnvironment: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, String)...) {
        entries = elements.map { ByteString("\($0.0)=\($0.1)") }
    }
}
