/// A request on its way through a ``ZooKeeperProxy``; the handshake is one, too.
struct ProxiedRequest: Sendable {
    let operation: ZooKeeperOperation
    /// Its number in the protocol.
    let code: Int32
    /// What the reply is recognized by.
    let xid: Int32
    /// The path that most requests are about; empty if this one is not.
    let path: String
    /// All of it.
    let frame: ZooKeeperFrame
    /// Over which of the proxy's connections it came: 1 is the first.
    let connection: Int

    init(_ frame: ZooKeeperFrame, isFirst: Bool, connection: Int) {
        self.frame = frame
        self.connection = connection
        code = isFirst ? ZooKeeperOperation.handshake.rawValue : frame.int(at: 4) ?? 0
        operation = ZooKeeperOperation(rawValue: code) ?? .other
        xid = isFirst ? 0 : frame.int(at: 0) ?? 0
        let hasNoPath: Set<ZooKeeperOperation> = [.handshake, .multi, .setWatches, .setWatches2, .auth, .sasl]
        path = hasNoPath.contains(operation) ? "" : frame.text(at: 8) ?? ""
    }

    /// Whether a read also asks to be told of changes.
    var setsWatch: Bool { [.exists, .getData, .getChildren].contains(operation) && frame.body.last == 1 }

    /// Whether a text occurs in it: a path in a `multi`, data.
    func contains(_ text: String) -> Bool {
        !text.isEmpty && frame.body.firstRange(of: Array(text.utf8)) != nil
    }
}
