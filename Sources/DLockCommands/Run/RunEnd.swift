/// How `dlock run` ends.
enum RunEnd: Hashable, Sendable {
    /// With this code.
    case exit(Int32)
    /// By this signal, as the command did, so that an interactive shell notices.
    case die(Int32)
}
