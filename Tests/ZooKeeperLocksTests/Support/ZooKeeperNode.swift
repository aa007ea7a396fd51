/// A node as ``ZooKeeperInspector`` sees it.
struct ZooKeeperNode: Codable, Sendable {
    let path: String
    /// The data; each character is one byte.
    let data: String
    /// The number of the change that made it: what our locks have as their token.
    let czxid: Int64
    /// The number of the last change of its data.
    let mzxid: Int64
    /// The number of the last change of its children.
    let pzxid: Int64
    /// How often its data has been changed.
    let version: Int32
    let cversion: Int32
    let aversion: Int32
    /// The session with which it ends; 0 if it does not.
    let ephemeralOwner: Int64
    let numChildren: Int32

    /// The last part of the path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
}
