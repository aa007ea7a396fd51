import Foundation

/// Files that a configuration names.
extension TemporaryFolder {
    /// Writes a file.
    ///
    /// - Returns: Its path.
    package func file(_ name: String, _ bytes: [UInt8], mode: Int = 0o600) throws -> String {
        let path = file(name)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    /// Writes a file.
    ///
    /// - Returns: Its path.
    package func file(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        try file(name, Array(text.utf8), mode: mode)
    }
}
