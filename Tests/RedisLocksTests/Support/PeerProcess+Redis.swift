import Foundation
import TestSupport

/// Other people's clients of Redis: see `Tests/RedisLocksTests/Peers`.
extension PeerProcess {
    enum Program: String, CaseIterable, Sendable {
        /// The lock of redis-py.
        case redisPy = "redispy.py"
        /// redlock-ng, with one server.
        case redlockNG = "redlockng.py"
        /// python-redis-lock. The lock `x` is the key `lock:x`; see ``key(for:)``.
        case pythonRedisLock = "pythonredislock.py"
        /// `SET NX PX` and a script, in TypeScript.
        case classic = "classic.ts"

        /// What to tell the program, so that it uses a key.
        func name(for key: String) -> String {
            guard self == .pythonRedisLock, key.hasPrefix("lock:") else { return key }
            return String(key.dropFirst("lock:".count))
        }

        /// The key that the program uses for a name: the same one, except for ``pythonRedisLock``.
        func key(for name: String) -> String {
            self == .pythonRedisLock ? "lock:\(name)" : name
        }

        /// How the program is started.
        fileprivate var command: [String] {
            get throws {
                let script = "\(PackageRoot.path)/Tests/RedisLocksTests/Peers/\(rawValue)"
                switch self {
                case .classic:
                    let options = ["--no-config", "--no-remote", "--no-npm", "--no-check", "--quiet"]
                    let rights = ["--allow-net", "--allow-read", "--allow-write", "--allow-ffi"]
                    let deno = try Self.program("bin/deno", in: ".venv")
                    return ["env", "DENO_NO_UPDATE_CHECK=1", "NO_COLOR=1", deno, "run"] + options + rights + [script]
                case .redlockNG: return [try Self.program("bin/python3", in: ".venv-redlock"), "-B", script]
                case .redisPy, .pythonRedisLock: return [try Self.program("bin/python3", in: ".venv"), "-B", script]
                }
            }
        }

        private static func program(_ name: String, in folder: String) throws -> String {
            let path = "\(PackageRoot.path)/\(folder)/\(name)"
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw ServerKind.Missing(description: "\(path) is missing: run scripts/test once")
            }
            return path
        }
    }

    /// Starts one that takes a lock and gives it back, again and again. It begins with ``begin(_:)``.
    ///
    /// - Parameters:
    ///   - program: Which client.
    ///   - port: The port of the server, or of a ``FaultProxy``.
    ///   - key: The key of the lock.
    ///   - seconds: For how long, from when it begins.
    ///   - log: Where it writes what it holds.
    ///   - isBroken: Whether it only pretends to take the lock.
    /// - Returns: The process.
    /// - Throws: If the program is missing.
    static func contend(
        _ program: Program,
        port: Int,
        key: String,
        seconds: Double,
        log: ContestLog,
        isBroken: Bool = false
    ) throws -> PeerProcess {
        let target = ["127.0.0.1", "\(port)", program.name(for: key), "\(seconds)", log.path]
        return try PeerProcess(program.command + ["contend"] + (isBroken ? ["--broken"] : []) + target)
    }

    /// Starts one that takes a lock and keeps it, for 30 seconds at most: it writes `held`, waits for ``send(_:)``, gives the
    /// lock back, and writes `released` with the time.
    static func hold(_ program: Program, port: Int, key: String) throws -> PeerProcess {
        try PeerProcess(program.command + ["hold", "127.0.0.1", "\(port)", program.name(for: key)])
    }

    /// Starts one that waits for a lock, 30 seconds at most: it writes `acquired` with the time, and gives the lock back.
    static func wait(_ program: Program, port: Int, key: String) throws -> PeerProcess {
        try PeerProcess(program.command + ["wait", "127.0.0.1", "\(port)", program.name(for: key)])
    }
}
