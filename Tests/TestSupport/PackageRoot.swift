import Foundation

/// Where things are.
package enum PackageRoot {
    /// The folder of the package.
    package static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The folders for Python packages in a virtual environment below the root.
    package static func pythonPackages(_ environment: String) -> [String] {
        let folder = "\(path)/\(environment)/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return versions.sorted().map { "\(folder)/\($0)/site-packages" }
    }

    /// The paths at which a program can be, if it is in `PATH`.
    package static func searchPath(_ program: String) -> [String] {
        let folders =
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":") + ["/usr/bin", "/usr/sbin"]
        return folders.map { "\($0)/\(program)" }
    }
}
