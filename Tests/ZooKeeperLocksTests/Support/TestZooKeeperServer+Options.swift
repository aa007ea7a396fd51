import TestSupport

extension TestZooKeeperServer {
    /// How a server is started.
    struct Options: Sendable {
        /// The unit of all times of the server, in milliseconds. Sessions end at a multiple of it.
        var tickTime = 200
        /// The shortest session timeout that a client gets, in milliseconds; two ticks if `nil`.
        var minSessionTimeout: Int?
        /// The longest session timeout that a client gets, in milliseconds.
        var maxSessionTimeout = 40_000
        /// Whether every change is on disk before it is confirmed. Without it, a killed process still loses nothing.
        var forcesSync = false
        /// How many connections one address may have; any number if 0.
        var maxConnections = 0
        /// How often empty containers are looked for, in milliseconds; once a minute if `nil`.
        var containerInterval: Int?
        /// The longest packet in bytes (`jute.maxbuffer`); the server's own default if `nil`.
        var maxPacket: Int?
        /// A second port, with TLS.
        var tls: TLS?
        /// Whether the port without TLS takes connections with TLS as well. Needs ``tls``.
        var unifiesPorts = false
        /// In an ensemble: after how many ticks without a word from the leader a follower gives up, and the other way round.
        var syncLimit = 25
        /// In an ensemble: after how many ticks a new leader and those who want to follow it give up on each other.
        var initLimit = 50
        /// Other lines of the configuration file.
        var settings: [String: String] = [:]
        /// Other system properties, such as `zookeeper.authProvider.1` or `znode.container.maxNeverUsedIntervalMs`.
        var properties: [String: String] = [:]
    }

    struct TLS: Sendable {
        /// Whether clients have to show a certificate.
        enum Clients: String, Sendable {
            case neednot = "none"
            case may = "want"
            case must = "need"
        }

        var certificates: TestCertificates
        var clients = Clients.neednot
    }

    /// A place in an ensemble.
    struct Place: Sendable {
        /// The number of the server, from 1.
        var number: Int
        /// The lines `server.N` of the configuration file.
        var members: [String: String]
    }

    /// All lines of the configuration file.
    var configuration: [String: String] {
        var lines = [
            "tickTime": "\(options.tickTime)", "initLimit": "\(options.initLimit)", "syncLimit": "\(options.syncLimit)",
            "minSessionTimeout": "\(options.minSessionTimeout ?? 2 * options.tickTime)",
            "maxSessionTimeout": "\(options.maxSessionTimeout)", "maxClientCnxns": "\(options.maxConnections)",
            "dataDir": folder.file("data"), "clientPort": "\(port)", "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false", "4lw.commands.whitelist": "*",
        ]
        lines.merge(place?.members ?? [:]) { $1 }
        lines.merge(encryption) { $1 }
        return lines.merging(options.settings) { $1 }
    }

    private var encryption: [String: String] {
        guard let tls = options.tls, let tlsPort else { return [:] }
        return [
            "secureClientPort": "\(tlsPort)", "secureClientPortAddress": "127.0.0.1",
            "serverCnxnFactory": "org.apache.zookeeper.server.NettyServerCnxnFactory",
            "client.portUnification": "\(options.unifiesPorts)", "ssl.clientAuth": tls.clients.rawValue,
            "ssl.keyStore.type": "PEM", "ssl.keyStore.location": folder.file("server.pem"),
            "ssl.trustStore.type": "PEM", "ssl.trustStore.location": tls.certificates.authority.certificate,
        ]
    }

    /// The server's system properties.
    private var properties: [String: String] {
        var all = [
            "zookeeper.forceSync": options.forcesSync ? "yes" : "no", "org.slf4j.simpleLogger.showDateTime": "true",
            "zookeeper.electionPortBindRetry": "1",
        ]
        if let interval = options.containerInterval { all["znode.container.checkIntervalMs"] = "\(interval)" }
        if let maxPacket = options.maxPacket { all["jute.maxbuffer"] = "\(maxPacket)" }
        return all.merging(options.properties) { $1 }
    }

    /// The words that start the server.
    var command: [String] {
        get throws {
            let encryption = ["netty-codec", "netty-resolver", "netty-transport-native-unix-common"]
            let libraries = ["zookeeper", "slf4j-simple"] + (options.tls == nil ? [] : encryption)
            return [try JavaProgram.executable("java")] + JavaProgram.options + properties.map { "-D\($0)=\($1)" } + [
                "-cp", try JavaProgram.classPath(libraries), "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                folder.file("zoo.cfg"),
            ]
        }
    }
}
