# SPDX-License-Identifier: Apache-2.0
"""Measures locks on one Redis server of its own: ours, those of other libraries, and what the server allows.

Prints one line of JSON per client, scenario and round, with the fields of `dlock bench --json` and what the server did
meanwhile. The clients of one scenario follow each other, so that they meet the same weather.

    run.py SECONDS ROUNDS LIMIT DLOCK
"""

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LUA = ROOT / "Sources/RedisLocks/Scripts/Lua"
HANDOFFS = (2, 10, 100)
DEPTHS = (8, 64, 256)
# What our client sends: keys and arguments of acquire.lua and release.lua.
KEYS = ["{key}", "{{key}}:dlock:fence", "{{key}}:dlock:waiters", "{{key}}:dlock:queue"]
VALUE = "{token} dlock {client} 12345 1700000000000000 hostname -"
ACQUIRE = [*KEYS, VALUE, "30000", "1", "0"]
RELEASE = [*KEYS, "{token}", "0"]
CHANNEL = "dlock:{client}"
# Commands of whoever sets up a client or a measurement.
OVERHEAD = {"config|resetstat", "flushall", "info", "script|load", "ping", "hello", "client|setinfo", "client|setname", "command"}


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Server:
    """A redis-server on a free port of the loopback interface, which ends with this process."""

    def __init__(self, folder: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=Server.die_with_parent,
        )
        self.connection = self.connect()
        self.stream = self.connection.makefile("rb")

    @staticmethod
    def die_with_parent() -> None:
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)

    def connect(self) -> socket.socket:
        for _ in range(200):
            if self.process.poll() is not None:
                sys.exit("run.py: redis-server did not start")
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=10)
            except ConnectionRefusedError:
                time.sleep(0.05)
        sys.exit("run.py: redis-server does not answer")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def command(self, *words: str) -> str:
        self.connection.sendall(" ".join(words).encode() + b"\r\n")
        line = self.stream.readline().decode()
        if line.startswith("-"):
            sys.exit(f"run.py: {line}")
        return self.stream.read(int(line[1:]) + 2).decode() if line.startswith("$") else line

    def cpu_seconds(self) -> float:
        return sum(float(value) for value in re.findall(r"^used_cpu_(?:sys|user):([\d.]+)", self.command("INFO", "cpu"), re.M))

    def calls(self) -> dict[str, int]:
        found = re.findall(r"^cmdstat_(\S+?):calls=(\d+)", self.command("INFO", "commandstats"), re.M)
        return {name: int(calls) for name, calls in found if name not in OVERHEAD}

    def pin(self, cores: set[int]) -> None:
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            os.sched_setaffinity(int(thread), cores)


def expanded(path: Path) -> str:
    """A script with what it includes."""
    include = re.compile(r"^-- @include (\S+)$", re.M)
    return include.sub(lambda match: expanded(path.parent / match.group(1)), path.read_text())


def script_options(folder: str) -> list[str]:
    """The options of limit.c that make it send our scripts; none if they are not there."""
    options = []
    for name, words in (("acquire", ACQUIRE), ("release", RELEASE)):
        if not (LUA / f"{name}.lua").exists():
            note(f"no {name}.lua: the limit is measured with the plain commands only")
            return []
        target = Path(folder, f"{name}.lua")
        target.write_text(expanded(LUA / f"{name}.lua"))
        options += [f"--{name}", str(target), str(len(KEYS)), *words]
    return [*options, "--channel", CHANNEL]


class Bench:
    def __init__(self, server: Server, seconds: str, limit: str, dlock: str, scripts: list[str]) -> None:
        self.server, self.seconds = server, seconds
        self.limit, self.dlock, self.scripts = limit, dlock, scripts
        self.cores = sorted(os.sched_getaffinity(0))
        self.refused: set[str] = set()

    def run(self, name: str, command: list[str], pinned: bool) -> None:
        if name in self.refused:
            return
        self.server.pin({self.cores[1]} if pinned else set(self.cores))
        self.server.command("FLUSHALL")
        self.server.command("CONFIG", "RESETSTAT")
        cpu = self.server.cpu_seconds()
        if pinned:
            command = ["taskset", "-c", str(self.cores[0]), *command]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=float(self.seconds) + 60)
        except subprocess.TimeoutExpired:
            note(f"{name} did not end and was stopped: {' '.join(command)}")
            return
        if not done.stdout.strip():
            note(f"{name} did not measure anything and is left out from here on: {done.stderr.strip()}")
            self.refused.add(name)
            return
        if done.returncode != 0 or done.stderr:
            note(f"{name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        line = {"client": name, **json.loads(done.stdout.splitlines()[-1])}
        line["pinned"] = pinned
        line["server_cpu_seconds"] = round(self.server.cpu_seconds() - cpu, 3)
        line["server_commands"] = self.server.calls()
        print(json.dumps(line), flush=True)

    def limits(self, scenario: str, number: int, pinned: bool) -> None:
        modes = {"cycle": ["batch"], "parallel": ["batch", "slide"], "handoff": ["pass"]}[scenario]
        for form, options in (("plain", []), ("fenced", self.scripts)):
            if form == "fenced" and not options:
                continue
            for mode in modes:
                command = [self.limit, str(self.server.port), scenario, self.seconds, str(number), mode, *options]
                self.run(f"hiredis ({form}, {mode})", command, pinned)

    def ours(self, scenario: str, number: int, pinned: bool) -> None:
        store = f"redis://127.0.0.1:{self.server.port}"
        options = ["--scenario", scenario, "--clients", str(number), "--duration", f"{self.seconds}s"]
        self.run("dlock", [self.dlock, "bench", "--json", "--store", store, *options], pinned)

    def peers(self, scenario: str, number: int, pinned: bool) -> None:
        arguments = [str(self.server.port), scenario, str(number), self.seconds]
        deno = [str(ROOT / ".venv/bin/deno"), "run", "--allow-net", "--no-config", str(HERE / "peer.ts")]
        self.run("Deno script", [*deno, *arguments], pinned)
        for name in ("redis_py", "redis_py_asyncio", "python_redis_lock", "redlock_ng"):
            python = ROOT / (".venv-redlock" if name == "redlock_ng" else ".venv") / "bin/python"
            self.run(name, [str(python), str(HERE / "peers.py"), name, *arguments], pinned)

    def round(self) -> None:
        for pinned in (False, True):
            if pinned and len(self.cores) < 2:
                note("only one core: nothing is pinned")
                continue
            self.limits("cycle", 1, pinned)
            self.ours("cycle", 1, pinned)
            self.peers("cycle", 1, pinned)
        for depth in DEPTHS:
            self.limits("parallel", depth, False)
            self.ours("parallel", depth, False)
            if depth == 64:
                self.peers("parallel", depth, False)
        for waiters in HANDOFFS:
            self.limits("handoff", waiters, False)
            self.ours("handoff", waiters, False)
            self.peers("handoff", waiters, False)


def main() -> None:
    seconds, rounds, limit, dlock = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    if os.getloadavg()[0] > 0.5:
        note("the machine is busy with something else (load {:.1f}): expect nonsense".format(os.getloadavg()[0]))
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            bench = Bench(server, seconds, limit, dlock, script_options(folder))
            for index in range(int(rounds)):
                note(f"redis: round {index + 1} of {rounds}")
                bench.round()
        finally:
            server.stop()


main()
