public import DistributedLocks
import NIOSSL
public struct RedisLimits: Sendable { public var outstandingRequests = 65_536; var replies = RESPLimits() }
public struct RedisCredentials: Sendable { public var user: String?; public var password: String }
public enum RedisAddress: Hashable, Sendable { case host(String, port: Int), unixSocket(String) }
public struct RedisTLS: Sendable { public var serverName: String?; func makeContext() throws(LockError) -> NIOSSLContext { throw .invalid("x") } }
public struct RedisConfiguration: Sendable {
    public var addresses: [RedisAddress] = [.host("127.0.0.1", port: 6379)]
    public var credentials: RedisCredentials?
    public var database: Int = 0
    public var tls: RedisTLS?
    public var clientName: String = "dlock"
    public var keyPrefix: String = ""
    public var connectTimeout: Duration = .seconds(5)
    public var requestTimeout: Duration = .seconds(5)
    public var requiredReplicas: Int = 0
    public var replicaTimeout: Duration = .seconds(1)
    public var limits = RedisLimits()
    public init(url: String) throws(LockError) {
        let port = Int(url.split(separator: ":").last!)!
        addresses = [.host("127.0.0.1", port: port)]
    }
    public func validate() throws(LockError) {}
    var label: String { "redis://\(addresses[0])" }
}
