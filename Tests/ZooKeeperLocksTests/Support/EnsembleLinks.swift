import TestSupport

/// The ways between the servers of a ``TestEnsemble``, each through a proxy of its own.
///
/// Followers connect to the port of their leader (the quorum port), and all to the election ports of all. A server tells
/// others at which address it is to be called back for elections; the proxies put their own address there.
final class EnsembleLinks: Sendable {
    private struct Link: Sendable {
        var from: Int
        var to: Int
        var quorum: StreamProxy
        var election: StreamProxy
    }

    /// The ports that a server listens at for other servers.
    private struct Ports {
        var quorum: Int
        var election: Int
    }

    private let links: [Link]
    private let ports: [Int: Ports]

    /// Makes the ways.
    ///
    /// - Parameters:
    ///   - numbers: The numbers of the servers.
    ///   - isPartitionable: Whether there are proxies.
    /// - Throws: If there are no ports.
    init(_ numbers: ClosedRange<Int>, isPartitionable: Bool) throws {
        let ports = try Dictionary(
            uniqueKeysWithValues: numbers.map {
                ($0, Ports(quorum: try Descriptors.freePort(), election: try Descriptors.freePort()))
            }
        )
        self.ports = ports
        let pairs = numbers.flatMap { from in numbers.filter { $0 != from }.map { (from, $0) } }
        // The proxies of the way back have to be known; they begin to work when the servers start.
        let back = Shared<[Int: [Int: Int]]>([:])
        links =
            try !isPartitionable
            ? []
            : pairs.compactMap { from, to in
                guard let target = ports[to], let own = ports[from] else { return nil }
                let election = try StreamProxy(to: target.election) { bytes in
                    let proxy = back.withLock { $0[to]?[from] } ?? own.election
                    return Self.replace(own.election, by: proxy, in: bytes)
                }
                back.withLock { $0[from, default: [:]][to] = election.port }
                return Link(from: from, to: to, quorum: try StreamProxy(to: target.quorum), election: election)
            }
    }

    /// The lines `server.N` of the configuration file of a server, who sees the others behind the proxies.
    func members(for number: Int) -> [String: String] {
        ports.reduce(into: [:]) { lines, member in
            let link = links.first { $0.from == number && $0.to == member.key }
            let quorum = link?.quorum.port ?? member.value.quorum
            let election = link?.election.port ?? member.value.election
            lines["server.\(member.key)"] = "127.0.0.1:\(quorum):\(election)"
        }
    }

    /// From now on, nothing that one server sends to another one arrives.
    func silence(from sender: Int, to receiver: Int) {
        for link in links {
            if link.from == sender, link.to == receiver {
                for proxy in [link.quorum, link.election] { proxy.stall(.forth) }
            }
            if link.from == receiver, link.to == sender {
                for proxy in [link.quorum, link.election] { proxy.stall(.back) }
            }
        }
    }

    /// Ends all ``silence(from:to:)``. What was held back arrives now.
    func heal() {
        for link in links { for proxy in [link.quorum, link.election] { proxy.flow() } }
    }

    func end() {
        for link in links { for proxy in [link.quorum, link.election] { proxy.end() } }
    }

    /// Puts another port into what a server says when it connects. Both have five digits, so that the length stays.
    private static func replace(_ port: Int, by other: Int, in bytes: [UInt8]) -> [UInt8] {
        let (old, new) = (Array("127.0.0.1:\(port)".utf8), Array("127.0.0.1:\(other)".utf8))
        guard old.count == new.count else { return bytes }
        return bytes.replacing(old, with: new)
    }
}
