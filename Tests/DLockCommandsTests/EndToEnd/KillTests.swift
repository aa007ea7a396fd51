import Foundation
import Testing

/// Commands, and the `dlock`s around them, are killed and stopped at random moments, twenty at a time.
///
/// Thirty kills for each store; a thousand with `DLOCK_SOAK`.
@Suite("Kills at random moments", .timeLimit(.minutes(60)))
struct KillTests {
    private static let kills = ProcessInfo.processInfo.environment["DLOCK_SOAK"] == nil ? 30 : 1_000

    @Test func `On a file store, in every mode`() async throws {
        try await kill(on: CommandLineTool().store, modes: ["exclusive", "shared", "permit"])
    }

    @Test func `On Redis`() async throws {
        try await RedisServer.with { try await kill(on: $0.url, modes: ["exclusive"]) }
    }

    @Test func `On ZooKeeper`() async throws {
        let server = try await ZooKeeperServer.shared()
        try await kill(on: "zookeeper://\(server.address)/kills?session-timeout=4s", modes: ["exclusive"])
    }

    private func kill(on store: String, modes: [String]) async throws {
        let seed = UInt32.random(in: 0...UInt32.max)
        let arguments = [CommandLineTool.path, store, modes.joined(separator: ","), "\(Self.kills)", "\(seed)"]
        let result = try await runProgram(["python3", "-c", Self.driver] + arguments)
        #expect(result.output.hasSuffix("all good\n"), "seed \(seed): \(result.output.suffix(2_000))")
        if store.hasPrefix("/") { try? FileManager.default.removeItem(atPath: store) }
    }

    /// Starts commands that note every few milliseconds that they still act, sends signals, and checks the notes.
    private static let driver = #"""
        import json, os, random, signal, subprocess, sys, tempfile, time

        dlock, store, modes, kills, seed = sys.argv[1], sys.argv[2], sys.argv[3].split(","), int(sys.argv[4]), int(sys.argv[5])
        chance = random.Random(seed)
        folder = tempfile.mkdtemp()
        notes = os.path.join(folder, "notes")
        options = {"exclusive": [], "shared": ["--shared"], "permit": ["--permits", "2"]}
        worker = """
        import os, signal, sys, time
        name, mode, number, seconds = sys.argv[1:5]
        signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.05), os._exit(3)))
        notes = os.open(os.path.join(sys.argv[5]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        note = lambda what: os.write(notes, f"{what} {name} {mode} {number} {os.environ['DLOCK_TOKEN']}\\n".encode())
        note("+")
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            note(".")
            time.sleep(0.005)
        """
        running = []

        def start(number):
            mode = chance.choice(modes)
            name = f"{mode if mode == 'permit' else 'lock'}-{chance.randrange(2)}"
            command = [dlock, "run", "--quiet", "--store", store, "--ttl", "3s", "--kill-after", "100ms", *options[mode], name, "--"]
            command += [sys.executable, "-c", worker, name, mode, str(number), str(chance.uniform(0, 0.2)), notes]
            running.append(subprocess.Popen(command, process_group=0, stdin=subprocess.DEVNULL))

        def reap():
            for process in running[:]:
                if process.poll() is not None:
                    running.remove(process)

        number = done = 0
        deadline = time.monotonic() + 60 + kills * 3
        while done < kills and time.monotonic() < deadline:
            reap()
            while len(running) < 20:
                number += 1
                start(number)
            time.sleep(chance.uniform(0, 0.15))
            victim = chance.choice(running)
            number_of_signal = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                                              signal.SIGQUIT, signal.SIGUSR1, signal.SIGSTOP])
            target = os.killpg if chance.random() < 0.3 else os.kill
            try:
                target(victim.pid, number_of_signal)
                if number_of_signal == signal.SIGSTOP:
                    time.sleep(chance.uniform(0, 0.2))
                    os.kill(victim.pid, signal.SIGCONT)
                    os.killpg(victim.pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
            done += 1

        end = time.monotonic() + 120
        while running and time.monotonic() < end:
            reap()
            time.sleep(0.02)
        faults = [f"{len(running)} never ended"] if running else []

        def conflict(a, b):
            return a[0] == b[0] and a[1] != "permit" and "exclusive" in (a[1], b[1])

        first, last, who, tokens = {}, {}, {}, {}
        lines = [line.split() for line in open(notes)]
        for place, (what, name, mode, number, token) in enumerate(lines):
            first.setdefault(number, place)
            last[number] = place
            who[number] = (name, mode)
            tokens[number] = int(token)
        order = sorted(first, key=first.get)
        for index, late in enumerate(order):
            beside = [early for early in order[:index] if last[early] > first[late] and who[early][0] == who[late][0]]
            if any(conflict(who[early], who[late]) for early in beside):
                faults.append(f"{late} {who[late]} began beside {beside}")
            if who[late][1] == "permit" and len(beside) > 1:
                faults.append(f"{late} was one permit too many beside {beside}")
            for early in order[:index]:
                if conflict(who[early], who[late]) and tokens[early] >= tokens[late]:
                    faults.append(f"the token of {late} is not larger than that of {early}")
        # What the killed have left goes by itself, at the latest with their leases.
        end = time.monotonic() + 30
        while time.monotonic() < end:
            left = json.loads(subprocess.run([dlock, "list", "--json", "--store", store], capture_output=True).stdout or "null")
            if left == []:
                break
            time.sleep(0.2)
        if left != []:
            faults.append(f"left behind: {left}")
        if len(order) < kills / 4:
            faults.append(f"only {len(order)} commands ran")
        print(f"{done} signals, {len(order)} commands ran")
        print("\n".join(faults) or "all good")
        """#
}
