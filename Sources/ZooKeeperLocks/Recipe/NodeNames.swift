import DistributedLocks

/// How the nodes of one claim are called, up to the number that the server adds.
struct NodeNames: Hashable, Sendable {
    /// One name, or two for clients that do not know each other's.
    let prefixes: [String]

    /// Names for a claim.
    ///
    /// - Parameters:
    ///   - owner: Whose claim it is. It tells the claim's nodes from all others, also when the answer to their creation was
    ///     lost.
    ///   - naming: Whose names.
    init(_ owner: OwnerID, naming: ZooKeeperNaming) {
        switch naming {
        case .curator: prefixes = [Self.curator(owner)]
        case .kazoo: prefixes = [Self.kazoo(owner)]
        case .both: prefixes = [Self.curator(owner), Self.kazoo(owner)]
        }
    }

    /// Which of the nodes are the claim's.
    func own(among nodes: [String]) -> [String] {
        prefixes.flatMap { prefix in nodes.filter { $0.utf8.starts(with: prefix.utf8) } }
    }

    /// The form of Curator's "protected" nodes.
    private static func curator(_ owner: OwnerID) -> String {
        var name = Array("_c_".utf8)
        name.reserveCapacity(48)
        for (index, digit) in owner.description.utf8.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { name.append(UInt8(ascii: "-")) }
            name.append(digit)
        }
        return String(decoding: name, as: UTF8.self) + "-lock-"
    }

    /// The form of kazoo's nodes. The first sign is a letter: Curator takes the whole of a foreign name for its number, and
    /// a name that began with a digit could be the smallest.
    private static func kazoo(_ owner: OwnerID) -> String {
        let first = Array("abcdef".unicodeScalars)[Int(owner.high >> 60) % 6]
        return "\(Character(first))\(owner.description.dropFirst())__lock__"
    }
}
