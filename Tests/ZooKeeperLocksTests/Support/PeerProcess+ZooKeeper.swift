import Foundation
import TestSupport

/// Other people's clients of ZooKeeper: see `Tests/ZooKeeperLocksTests/Peers`.
extension PeerProcess {
    /// Where the programs are.
    private static let folder = "\(PackageRoot.path)/Tests/ZooKeeperLocksTests/Peers"

    /// The words that start one of the programs in Python.
    ///
    /// - Parameter program: The name of the file.
    /// - Returns: The words.
    /// - Throws: If there is no Python with kazoo.
    static func python(_ program: String) throws -> [String] {
        let path = "\(PackageRoot.path)/.venv/bin/python3"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw JavaProgram.Missing(description: "\(path) is missing: run scripts/test once")
        }
        return [path, "-B", "\(folder)/\(program)"]
    }
}
