import Glibc

/// What this process has used so far.
package struct ProcessUse: Sendable {
    /// Processor time in seconds, of all threads.
    package let processor: Double
    /// Resident memory in bytes.
    package let memory: Int

    /// At this moment.
    package static var now: ProcessUse {
        let stat = Self.contents("stat")
        // The name of the program comes before, in parentheses, and may contain anything.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        let times = fields.dropFirst(12).prefix(2).compactMap { Double($0) }
        let pages = Self.contents("statm").split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return ProcessUse(
            processor: times.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK))),
            memory: pages * Int(sysconf(Int32(_SC_PAGESIZE)))
        )
    }

    private static func contents(_ file: String) -> String {
        String(decoding: Descriptors.contents("/proc/self/\(file)"), as: UTF8.self)
    }
}
