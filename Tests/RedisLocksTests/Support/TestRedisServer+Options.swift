import TestSupport

extension TestRedisServer {
    /// How a server is started.
    struct Options: Sendable {
        enum Persistence: Sendable {
            /// What it knows is lost when it ends.
            case none
            /// Every write is on disk before its reply is sent; nothing is lost when it is killed.
            case appendOnly
            /// It writes everything down when it is stopped; all is lost when it is killed.
            case snapshots
        }

        /// What it keeps when it ends.
        var persistence = Persistence.none
        /// Other arguments, such as `["--maxmemory", "10mb"]`.
        var arguments: [String] = []
        /// The password of the default user, or that of ``user``; the test's own connections use it.
        var password: String?
        /// The user of the test's own connections, one of ``accessRules``.
        var user: String?
        /// The lines of the file with users (`user alice on >secret ~lock:* +@all`).
        var accessRules: [String] = []
        /// A second port, with TLS. Only ``ServerKind/redis7`` can.
        var tls: TLS?
        /// The server whose replica it is.
        var primary: TestRedisServer?
    }

    struct TLS: Sendable {
        /// Whether clients have to show a certificate.
        enum Clients: String, Sendable {
            case neednot = "no"
            case may = "optional"
            case must = "yes"
        }

        var certificates: TestCertificates
        var clients = Clients.neednot
    }

    /// All arguments of the server.
    var arguments: [String] {
        var words = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--unixsocket", socketPath, "--dir", folder.file("data"),
            "--daemonize", "no", "--shutdown-timeout", "0", "--repl-diskless-sync-delay", "0",
            "--enable-debug-command", "local",
        ]
        switch options.persistence {
        case .none: words += ["--save", "", "--appendonly", "no"]
        case .appendOnly: words += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        case .snapshots: words += ["--save", "86400 1", "--appendonly", "no"]
        }
        if !options.accessRules.isEmpty {
            words += ["--aclfile", folder.file("users.acl")]
        } else if options.user == nil, let password = options.password {
            words += ["--requirepass", password]
        }
        if let primary = options.primary { words += replication(of: primary) }
        if let tls = options.tls, let tlsPort { words += encryption(tls, tlsPort) }
        return words + options.arguments
    }

    private func encryption(_ tls: TLS, _ port: Int) -> [String] {
        [
            "--tls-port", "\(port)", "--tls-auth-clients", tls.clients.rawValue,
            "--tls-ca-cert-file", tls.certificates.authority.certificate,
            "--tls-cert-file", tls.certificates.server.certificate, "--tls-key-file", tls.certificates.server.key,
        ]
    }

    private func replication(of primary: TestRedisServer) -> [String] {
        var words = ["--replicaof", "127.0.0.1", "\(primary.port)"]
        if let user = primary.options.user { words += ["--masteruser", user] }
        if let password = primary.options.password { words += ["--masterauth", password] }
        return words
    }
}
