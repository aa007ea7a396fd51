import NIOCore

/// What a server answers to an ``Operation`` that it has carried out.
enum Reply: Hashable, Sendable {
    /// A node was made: its path, with the number that the server has added.
    case created(path: String, Stat)
    /// There is nothing to say.
    case done
    /// What is known of a node.
    case stat(Stat)
    /// The data of a node.
    case data([UInt8], Stat)
    /// The names of the nodes below a node, in no order.
    case children([String])
    /// A transaction has happened.
    case results([MultiResult])
}

/// What became of one step of a transaction.
enum MultiResult: Hashable, Sendable {
    case created(path: String)
    case done
    case stat(Stat)
    /// This step failed (or, if it is ``ServerError/runtimeInconsistency``, was not tried), and so the transaction.
    case failed(ServerError)
}

extension Reply {
    /// Reads what follows the header.
    ///
    /// - Parameters:
    ///   - operation: What it is the answer to.
    ///   - reader: At the end of the header.
    ///   - chroot: What is taken off paths.
    /// - Throws: ``JuteError``.
    init(to operation: Operation, from reader: inout JuteReader, below chroot: Chroot) throws(JuteError) {
        switch operation {
        case .create(_, _, _, let mode):
            let path = try reader.readText()
            // Containers were answered with the path alone before the longer form was there.
            let stat = mode == .container && reader.remaining == 0 ? Stat() : try Stat(from: &reader)
            self = .created(path: chroot.stripped(path), stat)
        case .exists, .setData:
            self = .stat(try Stat(from: &reader))
        case .getData:
            let data = try reader.readBytes()
            self = .data(data, try Stat(from: &reader))
        case .getChildren:
            self = .children(try reader.readVector(smallest: 4) { (reader) throws(JuteError) in try reader.readText() })
        case .sync:
            _ = try reader.readText()
            self = .done
        case .addWatch:
            _ = try reader.readInt()
            self = .done
        case .multi(let steps):
            self = .results(try MultiResult.readAll(of: steps.count, from: &reader, below: chroot))
        case .delete, .removeWatches, .closeSession:
            self = .done
        }
        try reader.finish()
    }
}

extension MultiResult {
    /// Reads what became of all steps of a transaction.
    ///
    /// - Parameters:
    ///   - count: How many steps it had.
    ///   - reader: At the end of the header.
    ///   - chroot: What is taken off paths.
    /// - Returns: As many results.
    /// - Throws: ``JuteError``.
    static func readAll(
        of count: Int,
        from reader: inout JuteReader,
        below chroot: Chroot
    ) throws(JuteError) -> [MultiResult] {
        var results: [MultiResult] = []
        while true {
            let type = try reader.readInt()
            let isDone = try reader.readBool()
            // The code of a step that failed follows once more.
            _ = try reader.readInt()
            if isDone { break }
            guard results.count < count else { throw .badCount(results.count + 1, of: count) }
            results.append(try MultiResult(type: type, from: &reader, below: chroot))
        }
        guard results.count == count else { throw .badCount(results.count, of: count) }
        return results
    }

    /// What the header of a result has for a type, if its transaction failed.
    private static let failureType: Int32 = -1

    private init(type: Int32, from reader: inout JuteReader, below chroot: Chroot) throws(JuteError) {
        if type == Self.failureType {
            self = .failed(ServerError(rawValue: try reader.readInt()))
            return
        }
        switch OpCode(rawValue: type) {
        case .create: self = .created(path: chroot.stripped(try reader.readText()))
        case .create2, .createContainer:
            self = .created(path: chroot.stripped(try reader.readText()))
            _ = try Stat(from: &reader)
        case .setData: self = .stat(try Stat(from: &reader))
        case .delete, .check: self = .done
        default: throw .badResult(type)
        }
    }
}
