import Foundation

@testable import DLockCommands

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The program whose supervision of a child is observed from outside, in another process.
enum SupervisingProgram {
    /// What to put before a command that is to be supervised; every time with another lock.
    static var prefix: [String] {
        let store = FileManager.default.temporaryDirectory.appendingPathComponent("child-locks").path
        return [executable.path, "run", "--quiet", "--store", "file:\(store)", "child-\(UUID().uuidString)", "--"]
    }

    /// Whether the program has been built and can be observed.
    static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: executable.path) }

    /// The same as ``prefix`` in the language of the shell.
    static var shellPrefix: String { prefix.map { "'\($0)'" }.joined(separator: " ") }

    private static var executable: URL { products.appendingPathComponent("dlock") }

    /// The directory of the products of the build.
    private static var products: URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? .main
        return bundle.bundlePath.hasSuffix(".xctest") ? bundle.bundleURL.deletingLastPathComponent() : bundle.bundleURL
    }
}

/// What another program has done.
struct ProgramResult: Sendable {
    /// The exit code, or 128 plus the number of the signal that killed the program.
    let exitCode: Int32
    let output: String
}

/// Runs a program to its end, in a process group of its own and with default signal actions.
///
/// - Parameters:
///   - arguments: The program, which is looked for in `PATH`, and its arguments.
///   - onStart: Called with the number of the process once it runs.
/// - Returns: How it ended, and what it wrote to its standard output.
/// - Throws: If there is no `sh`, or if the test is cancelled.
func runProgram(_ arguments: [String], onStart: (Int32) async -> Void = { _ in }) async throws -> ProgramResult {
    let scratch = try Scratch()
    let (events, mailbox) = AsyncStream.makeStream(of: ChildEvent.self)
    let child = try await ChildProcess.launch(
        ["sh", "-c", "exec \"$@\" > \"$0\"", ByteString(scratch.path("output"))] + arguments.map { ByteString($0) },
        environment: .inherited,
        terminal: nil
    ) { event in
        mailbox.yield(event)
    }
    await onStart(child.identifier)
    for await case .ended(let exit) in events {
        child.reap()
        child.dismissGuard()
        return ProgramResult(exitCode: exit.exitCode, output: scratch.text("output"))
    }
    // The test has run out of time.
    child.send(SIGKILL)
    throw CancellationError()
}
