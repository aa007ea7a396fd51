import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The errors of the network in words.
package struct NetworkErrorText: Sendable {
    /// How a URL with TLS begins: `rediss://`.
    private let tlsScheme: String

    /// Words for the users of one kind of server.
    ///
    /// - Parameter tlsScheme: How a URL with TLS begins: `rediss://`.
    package init(tlsScheme: String) {
        self.tlsScheme = tlsScheme
    }

    /// What went wrong, and what to do about it where that is known.
    package func describe(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return describe(first.error) }
            if let dns = error.dnsAError ?? error.dnsAAAAError { return "unknown host (\(dns))" }
            return "no address"
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout(let amount): return "no answer within \(amount.nanoseconds / 1_000_000) ms"
        case let error as NIOSSLError: return describe(tls: "\(error)")
        case let error as BoringSSLError: return describe(tls: "\(error)")
        case let error as NIOSSLExtraError: return describe(tls: "\(error)")
        case is ChannelPipelineError, ChannelError.ioOnClosedChannel: return "the server closed the connection at once"
        default: return "\(error)"
        }
    }

    /// What goes wrong with TLS.
    private func describe(tls text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its certificate is not trusted, or not valid now; if it is your own authority's, name that (ca=…)"
        }
        if text.contains("failedToValidateHostname") {
            return "its certificate is for another name; say which one to expect (server-name=…) if that is right"
        }
        if text.contains("WRONG_VERSION_NUMBER") || text.contains("uncleanShutdown") {
            return "it does not speak TLS there, or ended the connection; is it the port for TLS (\(tlsScheme))?"
        }
        return "the TLS handshake failed; does it want a client certificate (cert=…, key=…)? (\(Self.reason(in: text)))"
    }

    /// The reason that the TLS library gives, without where in its source that is.
    private static func reason(in text: String) -> String {
        let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        return words.last { $0.contains("_") && $0.allSatisfy { $0 == "_" || $0.isUppercase } }.map(String.init)
            ?? "no reason given"
    }
}
