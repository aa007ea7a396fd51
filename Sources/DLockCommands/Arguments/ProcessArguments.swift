import CDLockChild

/// The arguments of this process without argument 0, byte for byte, as the system handed them over.
///
/// Reads no file: where /proc is masked the arguments are there all the same.
struct ProcessArguments: RandomAccessCollection, Sendable {
    /// How many arguments there are, argument 0 included.
    let endIndex: Int

    /// What the system handed over.
    init() {
        var number: Int32 = 0
        // Not every C library tells others than `main`; then the runtime has asked the system.
        endIndex = dlock_arguments(&number) == nil ? Int(CommandLine.argc) : Int(number)
    }

    var startIndex: Int { Swift.min(1, endIndex) }

    subscript(index: Int) -> ByteString {
        var number: Int32 = 0
        if let arguments = dlock_arguments(&number) {
            return arguments[index].map { ByteString(cString: $0) } ?? ""
        }
        return CommandLine.unsafeArgv[index].map { ByteString(cString: $0) } ?? ""
    }
}
