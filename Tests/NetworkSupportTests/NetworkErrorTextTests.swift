import NIOCore
import NIOSSL
import NetworkSupport
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite struct NetworkErrorTextTests {
    private let text = NetworkErrorText(tlsScheme: "zookeepers://")

    @Test func `Errors of the system are told in its words`() {
        #expect(text.describe(IOError(errnoCode: ECONNREFUSED, reason: "connect")) == "Connection refused")
        #expect(text.describe(ChannelError.connectTimeout(.milliseconds(1_500))) == "no answer within 1500 ms")
        #expect(text.describe(ChannelError.ioOnClosedChannel) == "the server closed the connection at once")
    }

    @Test func `What goes wrong with TLS comes with what to do about it`() {
        #expect(text.describe(NIOSSLError.uncleanShutdown).contains("is it the port for TLS (zookeepers://)?"))
        #expect(text.describe(NIOSSLExtraError.failedToValidateHostname).contains("server-name="))
        #expect(text.describe(NIOSSLError.handshakeFailed(.sslError([]))).contains("cert=…, key=…"))
    }
}
