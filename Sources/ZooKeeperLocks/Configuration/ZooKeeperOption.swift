/// What can be said after the question mark of a URL.
enum ZooKeeperOption: String, CaseIterable {
    case sessionTimeout = "session-timeout"
    case timeout
    case naming
    case names
    case access = "acl"
    case passwordFile = "password-file"
    case passwordVariable = "password-env"
    case trustRoots = "ca"
    case certificateChain = "cert"
    case privateKey = "key"
    case serverName = "server-name"
}
