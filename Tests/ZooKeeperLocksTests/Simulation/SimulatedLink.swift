import NIOCore

/// A connection between a process and a server, as the network has it: what is sent arrives later, in order, or not at all.
final class SimulatedLink {
    let process: SimulatedProcess
    /// What the process calls it.
    let number: Int
    let server: Int
    /// What the servers call it; `nil` until it is open.
    var connection: Int?
    /// When what was sent last arrives at the server, and at the process.
    var arrival = (up: Int64.zero, down: Int64.zero)
    /// Whether nothing gets through to the server, or to the process, any more.
    var isCut = (up: false, down: false)
    /// After how many more frames the process sees the end of the connection.
    var framesLeft: Int?
    /// Whether the process still has it.
    var isOpen = true

    init(_ process: SimulatedProcess, _ number: Int, to server: Int) {
        self.process = process
        self.number = number
        self.server = server
    }
}
