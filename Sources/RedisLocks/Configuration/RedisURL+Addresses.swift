import DistributedLocks
import NetworkSupport

extension RedisURL {
    /// The servers that the URL names.
    ///
    /// - Throws: `LockError.invalid`, which repeats nothing of them.
    func addresses() throws(LockError) -> [RedisAddress] {
        guard scheme.isSocket else {
            var addresses: [RedisAddress] = []
            for server in servers.split(separator: ",", omittingEmptySubsequences: false) {
                addresses.append(try Self.address(server))
            }
            return addresses
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

    private static func address(_ text: Substring) throws(LockError) -> RedisAddress {
        var host = text
        var rest = Substring()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[..<end].dropFirst()
            rest = text[end...].dropFirst()
            guard host.contains(":") else {
                throw .invalid("brackets in a Redis URL are for addresses of IP version 6")
            }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard rest.isEmpty || rest.hasPrefix(":"),
            let port = rest.isEmpty ? RedisAddress.defaultPort : number(rest.dropFirst())
        else {
            throw .invalid(
                "what follows a host in a Redis URL is its port: redis://host:6379, redis://[::1]:6379; a user and password go before an @"
            )
        }
        guard let name = PercentCoding.decode(host), !name.isEmpty else {
            throw .invalid("a server in the Redis URL has no name; write redis://host, or redis://host,host")
        }
        let address = RedisAddress.host(name, port: port)
        try address.validate()
        return address
    }

    /// A number of up to ten digits, and nothing else.
    private static func number(_ text: Substring) -> Int? {
        let isNumber = (1...10).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? Int(text) : nil
    }
}
