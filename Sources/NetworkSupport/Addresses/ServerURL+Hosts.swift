package import DistributedLocks

extension ServerURL {
    /// The hosts that the URL names.
    ///
    /// - Parameter port: The port of those that have none.
    /// - Returns: At least one.
    /// - Throws: `LockError.invalid`, which repeats nothing of them.
    package func hosts(port: Int) throws(LockError) -> [HostAddress] {
        var hosts: [HostAddress] = []
        for server in servers.split(separator: ",", omittingEmptySubsequences: false) {
            hosts.append(try Self.host(server, port: port))
        }
        return hosts
    }

    private static func host(_ text: Substring, port usualPort: Int) throws(LockError) -> HostAddress {
        let (service, example) = (Dialect.service, "\(Dialect.plainScheme)://")
        var host = text
        var rest = Substring()
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[..<end].dropFirst()
            rest = text[end...].dropFirst()
            guard host.contains(":") else {
                throw .invalid("brackets in a \(service) URL are for addresses of IP version 6")
            }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            rest = text[colon...]
        }
        guard rest.isEmpty || rest.hasPrefix(":"), let port = rest.isEmpty ? usualPort : number(rest.dropFirst()) else {
            let port = Dialect.usualPort
            throw .invalid(
                "what follows a host in a \(service) URL is its port: \(example)host:\(port), \(example)[::1]:\(port); a user and password go before an @"
            )
        }
        guard let name = PercentCoding.decode(host), !name.isEmpty else {
            throw .invalid("a server in the \(service) URL has no name; write \(example)host, or \(example)host,host")
        }
        let address = HostAddress(host: name, port: port)
        try address.validate(service: service, usualPort: usualPort)
        return address
    }

    /// A number of up to ten digits, and nothing else.
    package static func number(_ text: Substring) -> Int? {
        let isNumber = (1...10).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber ? Int(text) : nil
    }
}
