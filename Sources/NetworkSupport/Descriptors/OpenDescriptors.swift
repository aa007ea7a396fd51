#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// What /proc says of the descriptors of this process (https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html).
    package enum OpenDescriptors {
        /// Their numbers, in no particular order; none without /proc.
        package static var all: [Int32] {
            guard let folder = opendir("/proc/self/fd") else { return [] }
            defer { closedir(folder) }
            var numbers: [Int32] = []
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let number = Int32(name) { numbers.append(number) }
            }
            return numbers
        }

        /// What a descriptor leads to, as the system puts it: `socket:[12345]`; empty if it is closed.
        package static func target(of descriptor: Int32) -> String {
            String(unsafeUninitializedCapacity: 256) { buffer in
                buffer.withMemoryRebound(to: CChar.self) { characters in
                    guard let start = characters.baseAddress else { return 0 }
                    return max(0, readlink("/proc/self/fd/\(descriptor)", start, characters.count))
                }
            }
        }

        /// Whether it is the epoll descriptor of one of SwiftNIO's event loops.
        package static func isEventLoop(_ descriptor: Int32) -> Bool {
            guard target(of: descriptor) == "anon_inode:[eventpoll]" else { return false }
            let targets = Set(watched(by: descriptor).map { target(of: $0) })
            return targets.isSuperset(of: ["anon_inode:[eventfd]", "anon_inode:[timerfd]"])
        }

        /// The descriptors that an epoll descriptor watches.
        private static func watched(by descriptor: Int32) -> [Int32] {
            let file = SmallFile("/proc/self/fdinfo/\(descriptor)", what: "what the system says of a descriptor")
            guard let bytes = try? file.read(atMost: 1 << 20) else { return [] }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
                guard line.hasPrefix("tfd:") else { return nil }
                return line.dropFirst(4).split(separator: " ").first.flatMap { Int32($0) }
            }
        }
    }
#endif
