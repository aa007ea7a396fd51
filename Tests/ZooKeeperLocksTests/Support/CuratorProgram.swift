import Foundation
import Glibc
import TestSupport

/// The program `Peers/CuratorPeer.java`, compiled once in each run.
enum CuratorProgram {
    private static let compiled = Once<String>()
    private static let libraries = [
        "curator-recipes", "curator-framework", "curator-client", "zookeeper", "zookeeper-jute", "slf4j-api",
        "slf4j-nop",
        "guava",
    ]

    /// The words that start it.
    ///
    /// - Returns: The words.
    /// - Throws: If there is no Java or no Curator.
    static func command() async throws -> [String] {
        let classPath = try JavaProgram.classPath(libraries)
        let folder = try await compiled.value { try await blocking { try compile(classPath) } }
        let java = try JavaProgram.executable("java")
        return [java] + JavaProgram.options + ["-cp", "\(classPath):\(folder)", "CuratorPeer"]
    }

    private static func compile(_ classPath: String) throws -> String {
        let folder = try TemporaryFolder()
        Leftovers.remove(atExit: folder)
        let source = "\(PeerProcess.folder)/CuratorPeer.java"
        let javac = try JavaProgram.executable("javac")
        try ChildProgram.run([javac, "-proc:none", "-cp", classPath, "-d", folder.path, source])
        return folder.path
    }
}
