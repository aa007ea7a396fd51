import DistributedLocks
import Foundation

/// A store as it is named on the command line and in `DLOCK_STORE`.
enum StoreAddress: Hashable, Sendable {
    case memory
    case file(directory: String)

    /// What is used when nothing else is said.
    static var standard: StoreAddress { .file(directory: FileStore.defaultDirectory()) }

    /// Reads `memory:`, `file:///folder`, or the plain path of a folder.
    ///
    /// - Throws: ``LockError/invalid(_:)`` that names what is accepted.
    init(_ text: String) throws(LockError) {
        let scheme = text.firstIndex(of: ":").map { text[..<$0].lowercased() }
        switch scheme {
        case _ where text.isEmpty: throw .invalid("the store must not be empty; name a folder, or leave it out")
        case _ where text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../"), nil:
            self = .file(directory: URL(fileURLWithPath: text).path)
        case "memory" where text.utf8.count == "memory:".utf8.count: self = .memory
        case "file": self = .file(directory: try Self.directory(of: text))
        case .some(let scheme):
            throw .invalid("unknown store \"\(scheme):\"; this version knows file:///folder and memory:")
        }
    }

    /// The store as a URL, for a child's `DLOCK_STORE`.
    var url: String {
        switch self {
        case .memory: "memory:"
        case .file(let directory): URL(fileURLWithPath: directory, isDirectory: false).absoluteString
        }
    }

    /// Opens the store.
    ///
    /// - Throws: ``LockError``.
    func open() throws(LockError) -> any LockStore {
        switch self {
        case .memory: MemoryStore()
        case .file(let directory): try FileStore(directory: directory)
        }
    }

    private static func directory(of text: String) throws(LockError) -> String {
        guard let url = URL(string: text), url.host() ?? "" == "" || url.host() == "localhost" else {
            throw .invalid("\"\(text)\" is not a folder of this machine; write file:///folder, with three slashes")
        }
        let path = url.path(percentEncoded: false)
        guard path.hasPrefix("/"), path != "/", url.query() == nil, url.fragment() == nil else {
            throw .invalid("\"\(text)\" does not name a folder; write file:///folder")
        }
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
