import DistributedLocks
import Glibc
import NIOCore
import TestSupport

@testable import ZooKeeperLocks

/// What scripts are played to: a real server, or the fake one.
protocol Ensemble {
    /// Opens a connection.
    func open() throws -> Int
    /// Sends a frame.
    func send(_ bytes: ByteBuffer, on link: Int) throws
    /// The next frame; `nil` if the connection has ended.
    func nextFrame(on link: Int) throws -> ByteBuffer?
    /// Closes a connection.
    func close(_ link: Int)
}

/// A real server, over plain sockets. Blocks.
final class RealEnsemble: Ensemble {
    private let port: Int
    private var decoders: [Int: FrameDecoder] = [:]

    init(port: Int) {
        self.port = port
    }

    deinit {
        for link in decoders.keys { _ = Glibc.close(Int32(link)) }
    }

    func open() throws -> Int {
        let link = Int(try Descriptors.connect(port, patience: 10))
        Descriptors.sendAtOnce(Int32(link))
        decoders[link] = FrameDecoder(limit: 1 << 24)
        return link
    }

    func send(_ bytes: ByteBuffer, on link: Int) throws {
        _ = Descriptors.send(Array(bytes.readableBytesView), to: Int32(link))
    }

    func nextFrame(on link: Int) throws -> ByteBuffer? {
        while true {
            if let frame = try decoders[link]?.next() { return frame }
            let bytes = Descriptors.receive(from: Int32(link))
            if bytes.isEmpty { return nil }
            decoders[link]?.append(ByteBuffer(bytes: bytes))
        }
    }

    func close(_ link: Int) {
        decoders[link] = nil
        _ = Glibc.close(Int32(link))
    }
}

/// The fake one, whose time stands still.
final class FakeEnsemble: Ensemble {
    private let zooKeeper: FakeZooKeeper
    private let server: Int
    private var decoders: [Int: FrameDecoder] = [:]

    init(_ zooKeeper: FakeZooKeeper, server: Int = 0) {
        self.zooKeeper = zooKeeper
        self.server = server
    }

    func open() throws -> Int {
        guard let link = zooKeeper.connect(to: server) else { throw TimedOut(what: "a server") }
        decoders[link] = FrameDecoder(limit: 1 << 24)
        return link
    }

    func send(_ bytes: ByteBuffer, on link: Int) throws {
        zooKeeper.receive(bytes, on: link, at: FakeZooKeeper.Instant(offset: .zero))
        for output in zooKeeper.takeOutputs() {
            if case .bytes(let bytes) = output.kind { decoders[output.connection]?.append(bytes) }
        }
    }

    func nextFrame(on link: Int) throws -> ByteBuffer? { try decoders[link]?.next() }

    func close(_ link: Int) {
        decoders[link] = nil
        zooKeeper.clientClosed(link)
    }
}
