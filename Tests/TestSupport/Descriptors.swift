import Foundation
import Glibc

/// Files and loopback connections as plain descriptors. Everything here blocks, and no child inherits anything.
package enum Descriptors {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// A file to append to, made if there is none.
    package static func appending(to path: String) throws -> Int32 {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(description: "\(path): errno \(errno)") }
        return descriptor
    }

    /// All bytes of a file; empty if there is none.
    package static func contents(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var all: [UInt8] = []
        while true {
            let bytes = chunk { read(file, $0.baseAddress, $0.count) }
            guard !bytes.isEmpty else { return all }
            all += bytes
        }
    }

    /// Two connected sockets, one of which is for a child.
    package static func pair() throws -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, streaming, 0, &ends) == 0 else {
            throw Failure(description: "socketpair: errno \(errno)")
        }
        return (ends[0], ends[1])
    }

    private static let streaming = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// Those of this process that are connected to a port of the loopback interface.
    package static func connected(to port: Int) -> [Int32] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return numbers.compactMap { Int32($0) }.filter { descriptor in
            var address = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
            }
            return result == 0 && address.sin_family == sa_family_t(AF_INET)
                && address.sin_port == in_port_t(port).bigEndian
        }
    }

    /// Whether a connection has come to its end; reads what has arrived before.
    package static func hasEnded(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
            if count <= 0 { return count == 0 || (errno != EAGAIN && errno != EINTR) }
        }
    }

    /// What `ls -l /proc/self/fd` lists, by number, but for the three streams, and the folder that it reads itself.
    package static func listed(_ lines: [String]) -> [Int: String] {
        var targets: [Int: String] = [:]
        for line in lines {
            let words = line.split(separator: " ")
            guard words.count > 3, words[words.count - 2] == "->", let number = Int(words[words.count - 3]), number > 2,
                !words[words.count - 1].hasPrefix("/proc/")
            else { continue }
            targets[number] = String(words[words.count - 1])
        }
        return targets
    }

    /// About the highest number that a descriptor of this process has.
    package static var highest: Int {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return numbers.compactMap { Int($0) }.max() ?? 256
    }

    /// A port at which nobody listens.
    ///
    /// Not one that the system gives out by itself: those are also the ports that clients come from. A server that is
    /// started again would find its port taken, and a client that tries to reach a server that is down could be connected
    /// to itself.
    package static func freePort() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            guard let descriptor = try? listen(port) else { continue }
            close(descriptor)
            return port
        }
        throw Failure(description: "no free port on the loopback interface")
    }

    package static func listen(_ port: Int) throws -> Int32 {
        let descriptor = try socket()
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = withAddress(port) { bind(descriptor, $0, $1) }
        guard bound == 0, Glibc.listen(descriptor, 256) == 0 else {
            defer { close(descriptor) }
            throw Failure(description: "port \(port): errno \(errno)")
        }
        return descriptor
    }

    /// Connects to a port of the loopback interface.
    ///
    /// - Parameters:
    ///   - port: The port.
    ///   - patience: How many seconds one `receive` waits at most; for ever if it is 0.
    /// - Returns: The descriptor.
    /// - Throws: ``Failure`` if nobody listens there.
    package static func connect(_ port: Int, patience: Int = 0) throws -> Int32 {
        let descriptor = try socket()
        var time = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        guard withAddress(port, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            defer { close(descriptor) }
            throw Failure(description: "connecting to port \(port): errno \(errno)")
        }
        sendAtOnce(descriptor)
        return descriptor
    }

    /// Small messages are not held back to be sent together.
    package static func sendAtOnce(_ descriptor: Int32) {
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Sends all bytes; `false` if the connection is gone.
    package static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next bytes; empty at the end, after an error, and when patience is over.
    package static func receive(from descriptor: Int32) -> [UInt8] {
        chunk { recv(descriptor, $0.baseAddress, $0.count, 0) }
    }

    private static func chunk(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            repeat {
                count = read(UnsafeMutableRawBufferPointer(buffer))
            } while count < 0 && errno == EINTR
            count = max(count, 0)
        }
    }

    private static func socket() throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET, streaming, 0)
        guard descriptor >= 0 else { throw Failure(description: "socket: errno \(errno)") }
        return descriptor
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
