import Foundation

/// A fresh folder for the files that a configuration names, removed when the last reference goes.
final class ConfigurationFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "redis-locks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file.
    ///
    /// - Returns: Its path.
    func file(_ name: String, _ bytes: [UInt8], mode: Int = 0o600) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// Writes a file.
    ///
    /// - Returns: Its path.
    func file(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try file(name, Array(text.utf8), mode: mode)
    }
}
