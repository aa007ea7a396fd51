import CDLockChild

/// The arguments of this process without argument 0, byte for byte, as the system handed them over.
///
/// Reads no file: where /proc is masked the arguments are there all the same.
struct ProcessArguments: RandomAccessCollection {
    private let first: UnsafePointer<UnsafePointer<CChar>?>?
    private let total: Int

    /// What the system handed over.
    init() {
        var number: Int32 = 0
        if let arguments = dlock_arguments(&number) {
            first = UnsafeRawPointer(arguments).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
        } else {
            // A C library that tells nobody but `main`: the runtime has asked the system.
            number = CommandLine.argc
            first = UnsafeRawPointer(CommandLine.unsafeArgv).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
        }
        total = Int(number)
    }

    var startIndex: Int { Swift.min(1, total) }
    var endIndex: Int { total }

    subscript(index: Int) -> ByteString {
        first?[index].map { ByteString(cString: $0) } ?? ""
    }
}
