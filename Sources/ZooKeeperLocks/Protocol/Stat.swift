import NIOCore

/// What a server knows of a node beside its data.
struct Stat: Hashable, Sendable {
    /// The transaction that made the node. Transactions have a 32-bit epoch of the leader above a 32-bit counter.
    var czxid: Int64 = 0
    /// The transaction that changed its data last.
    var mzxid: Int64 = 0
    /// When it was made, in milliseconds since 1970 by the leader's clock.
    var ctime: Int64 = 0
    /// When its data changed last.
    var mtime: Int64 = 0
    /// How often its data have changed.
    var version: Int32 = 0
    /// How often children came and went, in a way.
    var cversion: Int32 = 0
    /// How often its access rights have changed.
    var aversion: Int32 = 0
    /// The session that the node goes with; 0 if it stays.
    var ephemeralOwner: Int64 = 0
    /// How many bytes of data it has.
    var dataLength: Int32 = 0
    /// How many children it has.
    var numChildren: Int32 = 0
    /// The transaction that changed its list of children last.
    var pzxid: Int64 = 0

    /// How many bytes it has when it is sent.
    static let length = 68
}

extension Stat {
    /// Reads one.
    init(from reader: inout JuteReader) throws(JuteError) {
        czxid = try reader.readLong()
        mzxid = try reader.readLong()
        ctime = try reader.readLong()
        mtime = try reader.readLong()
        version = try reader.readInt()
        cversion = try reader.readInt()
        aversion = try reader.readInt()
        ephemeralOwner = try reader.readLong()
        dataLength = try reader.readInt()
        numChildren = try reader.readInt()
        pzxid = try reader.readLong()
    }

    /// Writes it.
    func write(into bytes: inout ByteBuffer) {
        for number in [czxid, mzxid, ctime, mtime] { bytes.writeJute(number) }
        for number in [version, cversion, aversion] { bytes.writeJute(number) }
        bytes.writeJute(ephemeralOwner)
        bytes.writeJute(dataLength)
        bytes.writeJute(numChildren)
        bytes.writeJute(pzxid)
    }
}
