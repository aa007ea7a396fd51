import Foundation
import TestSupport

/// Programs in Java, and the libraries that Debian has for them.
enum JavaProgram {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// The path of `java` or `javac`.
    ///
    /// - Parameter name: Which of the two.
    /// - Returns: Its path.
    /// - Throws: ``Missing``
    static func executable(_ name: String) throws -> String {
        let home = ProcessInfo.processInfo.environment["JAVA_HOME"].map { ["\($0)/bin/\(name)"] } ?? []
        let paths = home + PackageRoot.searchPath(name)
        guard let path = paths.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Missing(description: "no \(name): run scripts/test once")
        }
        return path
    }

    /// A class path with libraries.
    ///
    /// They are looked for in the folder that the environment variable `DLOCK_TEST_JARS` names, or where Debian puts them.
    ///
    /// - Parameter libraries: Names of jar files, without `.jar`.
    /// - Returns: The path.
    /// - Throws: ``Missing``
    static func classPath(_ libraries: [String]) throws -> String {
        let folder = ProcessInfo.processInfo.environment["DLOCK_TEST_JARS"] ?? "/usr/share/java"
        let paths = libraries.map { "\(folder)/\($0).jar" }
        if let path = paths.first(where: { !FileManager.default.fileExists(atPath: $0) }) {
            throw Missing(description: "\(path) is missing: run scripts/test once")
        }
        return paths.joined(separator: ":")
    }

    /// Options for a machine that starts quickly and stays small.
    static let options = ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]
}
