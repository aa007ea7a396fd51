extension SessionOptions {
    /// What a configuration means for a session.
    init(_ configuration: ZooKeeperConfiguration) {
        servers = configuration.addresses.count
        timeout = configuration.sessionTimeout
        attemptTimeout = configuration.attemptTimeout
        chroot = Chroot(configuration.chroot)
        maximumRequests = configuration.limits.outstandingRequests
        maximumRequestLength = configuration.limits.requestLength
        if let user = configuration.credentials {
            credentials = [Credential(scheme: "digest", secret: Array("\(user.user):\(user.password)".utf8))]
        }
    }
}
