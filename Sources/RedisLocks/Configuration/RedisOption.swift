/// What can be said after the question mark of a URL.
enum RedisOption: String, CaseIterable {
    case prefix
    case clientName = "client-name"
    case timeout
    case connectTimeout = "connect-timeout"
    case replicas
    case replicaTimeout = "replica-timeout"
    case passwordFile = "password-file"
    case passwordVariable = "password-env"
    case trustRoots = "ca"
    case certificateChain = "cert"
    case privateKey = "key"
    case serverName = "server-name"
    case database = "db"
}
