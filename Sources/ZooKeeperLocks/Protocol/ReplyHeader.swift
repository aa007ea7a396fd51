/// What comes before every answer and every event.
struct ReplyHeader: Hashable, Sendable {
    /// The number of the request; one of ``Xid`` for what is none.
    var xid: Int32
    /// The last transaction that the server has applied; not positive if it does not say.
    var zxid: Int64
    /// What went wrong; ``ServerError/ok`` if nothing did. Nothing follows an error.
    var error: ServerError
}

extension ReplyHeader {
    /// Reads one.
    init(from reader: inout JuteReader) throws(JuteError) {
        xid = try reader.readInt()
        zxid = try reader.readLong()
        error = ServerError(rawValue: try reader.readInt())
    }
}
