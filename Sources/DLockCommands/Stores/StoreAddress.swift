import DistributedLocks
import Logging
import RedisLocks
import ZooKeeperLocks

/// A store as it is named on the command line and in `DLOCK_STORE`.
enum StoreAddress: Hashable, Sendable {
    case memory
    case file(directory: String)
    case redis(RedisConfiguration)
    case zookeeper(ZooKeeperConfiguration)

    /// Holds the password for Redis, if the store's URL says nothing about one.
    static let redisPasswordVariable = "DLOCK_REDIS_PASSWORD"
    /// Holds the password for ZooKeeper, if the store's URL names a user and says nothing about a password.
    static let zooKeeperPasswordVariable = "DLOCK_ZOOKEEPER_PASSWORD"

    /// What is used when nothing else is said.
    static var standard: StoreAddress { .file(directory: FileStore.defaultDirectory()) }

    /// Reads `memory:`, `file:///folder`, the plain path of a folder, or the URL of a Redis server or of
    /// ZooKeeper servers.
    ///
    /// - Parameters:
    ///   - text: What was said.
    ///   - environment: Environment variables, for passwords.
    /// - Throws: ``LockError/invalid(_:)`` that names what is accepted, and never tells a password.
    init(
        _ text: String,
        environment: @escaping (String) -> String? = EnvironmentVariable.value
    ) throws(LockError) {
        let scheme = text.firstIndex(of: ":").map { text[..<$0].lowercased() }
        switch scheme {
        case _ where text.isEmpty: throw .invalid("the store must not be empty; name a folder, or leave it out")
        case nil where !text.contains("/"):
            // Else a forgotten "redis://" would lock nothing but a folder of this machine.
            throw .invalid(
                "\"\(text)\" is not a store; write ./\(text) for a folder, or redis://\(text) or zookeeper://\(text) for a server"
            )
        case _ where text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../"), nil:
            self = .file(directory: FileURL.absolutePath(text))
        case "memory" where text.utf8.count == "memory:".utf8.count: self = .memory
        case "file": self = .file(directory: try Self.directory(of: text))
        case _ where RedisConfiguration.recognizes(text):
            let fallback = Self.redisPasswordVariable
            self = .redis(try RedisConfiguration(url: text, fallbackPasswordVariable: fallback) { environment($0) })
        case _ where ZooKeeperConfiguration.recognizes(text):
            let fallback = Self.zooKeeperPasswordVariable
            self = .zookeeper(
                try ZooKeeperConfiguration(url: text, fallbackPasswordVariable: fallback) { environment($0) }
            )
        case .some(let scheme):
            throw .invalid(
                "unknown store \"\(scheme):\"; this version knows file:///folder, redis://host, zookeeper://host and memory:"
            )
        }
    }

    /// The store as a URL, for a child's `DLOCK_STORE`. There is no password in it: the child gets that from the same file
    /// or environment variable.
    var url: String {
        switch self {
        case .memory: "memory:"
        case .file(let directory): FileURL.text(of: directory)
        case .redis(let configuration): configuration.publicURL
        case .zookeeper(let configuration): configuration.publicURL
        }
    }

    /// Whether a password is in what was said, for everybody to see who can see that.
    var hasWrittenPassword: Bool {
        switch self {
        case .memory, .file: false
        case .redis(let configuration): configuration.hasWrittenPassword
        case .zookeeper(let configuration): configuration.hasWrittenPassword
        }
    }

    /// The variables that only `dlock` reads a password from: not for the command that runs under a lock.
    static let privateVariables = [redisPasswordVariable, zooKeeperPasswordVariable]

    /// The environment variable that a password for this store is better kept in; `nil` if the store needs none.
    var passwordVariable: String? {
        switch self {
        case .memory, .file: nil
        case .redis: Self.redisPasswordVariable
        case .zookeeper: Self.zooKeeperPasswordVariable
        }
    }

    /// Opens the store.
    ///
    /// - Throws: ``LockError``.
    func open() throws(LockError) -> any LockStore {
        switch self {
        case .memory: MemoryStore()
        case .file(let directory): try FileStore(directory: directory)
        case .redis(let configuration): try RedisStore(configuration, logger: .silent)
        case .zookeeper(let configuration): try ZooKeeperStore(configuration, logger: .silent)
        }
    }

    private static func directory(of text: String) throws(LockError) -> String {
        guard let url = FileURL(text) else {
            throw .invalid("\"\(text)\" does not name a folder; write file:///folder")
        }
        guard url.isLocal else {
            throw .invalid("\"\(text)\" is not a folder of this machine; write file:///folder, with three slashes")
        }
        return url.path
    }
}
