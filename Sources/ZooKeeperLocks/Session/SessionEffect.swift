import NIOCore

/// What has to be done after an event of a ``SessionMachine``.
enum SessionEffect<Request: Sendable, Watcher: Hashable & Sendable>: Sendable {
    /// Open a connection, and say so with ``SessionMachine/opened(_:at:)`` or ``SessionMachine/ended(_:_:at:)``.
    case connect(to: Int, connection: Int)
    /// Send bytes on the open connection.
    case write(ByteBuffer)
    /// Close the connection with this number.
    case disconnect(connection: Int)
    /// A request has been answered.
    case answered(Request, Answer)
    /// A request will not be answered.
    case failed(Request, RequestFailure)
    /// A watch has fired; `nil` if the session is over, and the watch with it.
    case notify(Watcher, WatchEvent?)
    /// There is a connection (again).
    case attached(SessionInfo)
    /// There is no connection any more; why.
    case detached(String)
    /// A session is over: the nodes that went with it are gone, or will be as soon as servers can be reached.
    case expired(sessionID: Int64)
    /// An attempt to connect has failed.
    case attemptFailed(ConnectFailure, everywhere: Bool)
    /// The session was ended at our wish, or could not be in time; nothing happens any more.
    case closed
}

/// What is to be known of a session that has a connection.
struct SessionInfo: Hashable, Sendable {
    /// Its number.
    let id: Int64
    /// After how long without a sign of life the servers end it.
    let timeout: Duration
    /// Whether it has only just begun.
    let isNew: Bool
    /// Which of the servers.
    let server: Int
}

/// Why an attempt to connect was of no use.
enum ConnectFailure: Error, Hashable, Sendable {
    /// The connection could not be opened, or ended too early.
    case unreachable(String)
    /// The server does not accept who we are.
    case denied(String)
}
