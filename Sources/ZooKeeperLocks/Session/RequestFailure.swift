/// Why a request has no answer.
enum RequestFailure: Error, Hashable, Sendable {
    /// No server has seen it, or none has carried it out.
    case notSent(String)
    /// It never left, since too many requests wait for an answer already, or it is too large for a server to take.
    case refused(String)
    /// It was sent, and the connection ended before its answer came: it may have been carried out or not.
    case unanswered(String)
    /// Its answer did not come in time; it may still be carried out.
    case overdue
    /// Nobody waits for it any more.
    case cancelled
    /// The client has been closed.
    case closed
}
