import Glibc

/// What this process has used so far.
struct ProcessUse: Sendable {
    /// Processor time in seconds, of all threads.
    let processor: Double
    /// Resident memory in bytes.
    let memory: Int

    /// At this moment.
    static var now: ProcessUse {
        var usage = rusage()
        // RUSAGE_SELF, which is of another type than the parameter.
        getrusage(0, &usage)
        let pages = String(decoding: Descriptors.contents("/proc/self/statm"), as: UTF8.self).split(separator: " ")
        return ProcessUse(
            processor: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            memory: (pages.dropFirst().first.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
        )
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }
}
