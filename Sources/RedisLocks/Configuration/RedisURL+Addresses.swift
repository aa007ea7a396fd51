import DistributedLocks
import NetworkSupport

extension ServerURL<RedisURLDialect> {
    /// The servers that the URL names.
    ///
    /// - Throws: `LockError.invalid`, which repeats nothing of them.
    func addresses() throws(LockError) -> [RedisAddress] {
        guard scheme.isSocket else {
            return try hosts(port: RedisAddress.defaultPort).map { .host($0.host, port: $0.port) }
        }
        guard servers.isEmpty, let path = PercentCoding.decode(path), path.count > 1 else {
            throw .invalid("the socket of a Redis server is written with three slashes: redis+unix:///run/redis.sock")
        }
        return [.unixSocket(path)]
    }

    /// The number of the database: behind the slash for hosts, an option for sockets.
    ///
    /// - Throws: `LockError.invalid`.
    func database() throws(LockError) -> Int {
        let option = options[.database]
        guard !scheme.isSocket else {
            return try option.map { text throws(LockError) in try Self.database(text[...]) } ?? 0
        }
        guard option == nil else { throw .invalid("the database goes behind a slash: redis://host/2, not ?db=2") }
        return path.count <= 1 ? 0 : try Self.database(path.dropFirst())
    }

    private static func database(_ text: Substring) throws(LockError) -> Int {
        guard let number = number(text) else {
            throw .invalid("the database of Redis is a number: redis://host/2, or redis+unix:///socket?db=2")
        }
        return number
    }
}
