import ArgumentParser
import DistributedLocks
import Foundation
import Testing

@testable import DLockCommands

@Suite struct RunLineTests {
    private func command(_ arguments: [ByteString]) throws -> RunCommand {
        try #require(try DLock.read(RunLine(arguments)))
    }

    private func command(_ arguments: String...) throws -> RunCommand {
        try command(arguments.map { ByteString($0) })
    }

    private func words(_ arguments: String...) throws -> [String] {
        try command(arguments.map { ByteString($0) }).commandBytes.map(\.text)
    }

    @Test func `Everything after the name is the command's`() throws {
        #expect(try words("x", "--", "ls", "--help") == ["ls", "--help"])
        #expect(try words("x", "ls", "-l") == ["ls", "-l"])
        #expect(try words("x", "ls", "--quiet") == ["ls", "--quiet"])
        #expect(try command("x", "ls", "--quiet").quiet == false)
        #expect(try words("--quiet", "x", "--", "--", "y") == ["--", "y"])
        #expect(try words("--", "-x", "--", "-y") == ["-y"])
        #expect(try words("-", "true") == ["true"])
    }

    @Test func `Options are written as for flock`() throws {
        let letters = try command("-qw10s", "-E", "0", "-s", "x", "true")
        #expect(letters.quiet && letters.shared && letters.conflictExitCode == 0)
        #expect(letters.wait?.duration == .seconds(10))
        #expect(try command("-nE3", "x", "true").noWait)
        #expect(try command("-x", "x", "true").exclusive)
        #expect(try command("-e", "x", "true").exclusive)
        #expect(try command("--wait=5s", "--permits", "3", "x", "true").permits == 3)
        #expect(try command("--store", "--", "x", "true").store.store == "--")
    }

    @Test(arguments: [
        ["-c", "ls -l", "x"], ["x", "-c", "ls -l"], ["x", "--command", "ls -l"], ["--command=ls -l", "x"],
    ])
    func `A line for the shell goes before or after the name`(_ arguments: [String]) throws {
        let words = try command(arguments.map { ByteString($0) }).commandBytes.map(\.text)
        let shell = ProcessInfo.processInfo.environment["SHELL"] ?? ""
        #expect(words == [shell.isEmpty ? "/bin/sh" : shell, "-c", "ls -l"])
    }

    @Test func `The shell is the one in SHELL`() {
        #expect(ShellCommand.words("ls", shell: "/bin/zsh").map(\.text) == ["/bin/zsh", "-c", "ls"])
        #expect(ShellCommand.words("ls", shell: "").map(\.text) == ["/bin/sh", "-c", "ls"])
        #expect(ShellCommand.words("ls", shell: nil).map(\.text) == ["/bin/sh", "-c", "ls"])
    }

    @Test func `Arguments and names may have any bytes`() throws {
        let name = ByteString([0x61, 0xFF, 0xFE])
        let argument = ByteString([0x80, 0x2D, 0xC3])
        let command = try command([name, "--", "printf", argument])
        #expect(try command.lock.lockName.bytes == name.bytes)
        #expect(command.commandBytes == ["printf", argument])
        let other = try self.command([ByteString([0x61, 0xFF, 0xFD]), "true"])
        #expect(try other.lock.lockName != command.lock.lockName)
        let line = try self.command(["-c", argument, "x"])
        #expect(line.commandBytes.last == argument)
    }

    @Test func `The parser of arguments sees the beginning of the command only`() throws {
        let line = RunLine(["-q", "x", "--", "true"] + (0..<100_000).map { ByteString("\($0)") })
        #expect(line.parserArguments.count < 12)
        #expect(try #require(try DLock.read(line)).commandBytes.count == 100_001)
    }

    /// What is cut off has to be what the parser would have taken for the command.
    @Test func `Every option of run is in the table, with a value or without`() throws {
        let help = try JSONSerialization.jsonObject(with: Data(DLock._dumpHelp().utf8)) as? [String: Any]
        let root = try #require(help?["command"] as? [String: Any])
        let commands = try #require(root["subcommands"] as? [[String: Any]])
        let run = try #require(commands.first { $0["commandName"] as? String == "run" })
        let arguments = try #require(run["arguments"] as? [[String: Any]])
        var count = 0
        for argument in arguments {
            guard let kind = argument["kind"] as? String, kind != "positional" else { continue }
            let names = try #require(argument["names"] as? [[String: Any]]).compactMap { $0["name"] as? String }
            for name in names where !["help", "h", "version"].contains(name) {
                let option = name.count == 1 ? RunOption(letter: Character(name)) : RunOption(longName: name)
                #expect(option?.takesValue == (kind == "option"), "\(name)")
                count += 1
            }
        }
        #expect(count > 15)
    }

    /// What a run is made of, to compare two readings of one line.
    private func summary(_ command: RunCommand) -> [String] {
        let durations = [command.wait, command.ttl, command.holdAtLeast, command.holdAtMost].map {
            "\($0?.description ?? "-")"
        }
        let flags = [command.noWait, command.shared, command.exclusive, command.quiet].map { "\($0)" }
        return durations + flags + [
            command.store.store ?? "-", "\(command.permits ?? 0)", command.label ?? "-", command.shellLine ?? "-",
            "\(command.conflictExitCode)", command.lock.name,
        ] + command.commandBytes.map(\.text)
    }

    @Test(
        arguments: [
            ["x", "true"], ["-q", "x", "--", "true", "a", "b"], ["-nsqE3", "x", "true"],
            ["--wait", "5m", "--ttl=1s", "x", "true"],
            ["--store", "/a", "--hold-at-least", "1", "--hold-at-most", "2h", "x", "true"],
            ["-xw0", "--label", "", "x", "ls"],
            ["--permits", "3", "-w", "1s", "-w", "2s", "x", "ls", "-l"], ["-c", "ls -l", "x"], ["x", "-c", "ls"],
            ["--label=a=b", "--", "-x", "ls"], ["-e", "\u{10FFFF}", "ls"],
        ]
    )
    func `Read without the parser of arguments, a line means the same`(_ arguments: [String]) throws {
        let line = RunLine(arguments.map { ByteString($0) })
        let plain = try #require(RunCommand(plain: line))
        var parsed = try #require(try DLock.parseAsRoot(line.parserArguments) as? RunCommand)
        parsed.given.words = line.rest
        #expect(summary(plain) == summary(parsed))
    }

    @Test(arguments: [
        ["x"], ["--help"], ["-h"], ["--wait", "5min", "x", "true"], ["-ns", "--permits", "2", "x", "true"], ["--wait"],
        ["-y", "x"],
        ["", "true"], ["--quiet=1", "x", "true"], ["-E", "x", "true"], ["-E", "x", "y", "true"],
        ["-n", "-w1", "x", "true"],
    ])
    func `What is not plain is left to the parser of arguments`(_ arguments: [String]) {
        #expect((RunCommand(plain: RunLine(arguments.map { ByteString($0) })) == nil) == true)
    }

    @Test func `The label is the name of the command, unless another is given`() throws {
        #expect(try command("x", "/usr/bin/make", "all").holderLabel == "make")
        #expect(try command("--label", "nightly", "x", "make").holderLabel == "nightly")
        #expect(try command("--label", "", "x", "make").holderLabel == nil)
        #expect(try command("x", "dir/").holderLabel == "dir")
        #expect(try command("x", "/").holderLabel == nil)
        #expect(try command("x", String(repeating: "ü", count: 200)).holderLabel?.utf8.count == 256)
    }

    @Test(arguments: [("-y", "-y"), ("-qy", "-y"), ("--frob", "--frob"), ("--frob=1", "--frob=1")])
    func `An option that there is not is named`(_ word: String, _ named: String) {
        let error = #expect(throws: UsageError.self) {
            try DLock.read(RunLine([ByteString(word), "--", "true"]))
        }
        #expect(error?.message == "unknown option '\(named)'")
    }
}
