# SPDX-License-Identifier: Apache-2.0
"""Measures locks on ZooKeeper servers of its own: ours, those of other libraries, and what the servers allow.

Prints one line of JSON per ensemble, client, scenario and round, with the fields of `dlock bench --json` and the processor
time of all servers meanwhile; then one per client with the requests that it sent for each operation. The clients of one
scenario follow each other, so that they meet the same weather.

    run.py SECONDS ROUNDS WIRE LIMIT DLOCK

A client with one session connects to one server, the same for all of them, a follower if there is one. Where there are many
sessions each client is given all addresses, of which it takes one at random for each session.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Callable

from counter import Counter
from ensemble import JARS, Ensemble

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parent.parent / ".venv/bin/python"
CURATOR = [
    *("curator-recipes", "curator-framework", "curator-client", "zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-nop"),
    *("guava", "netty-handler", "netty-transport", "netty-common", "netty-buffer", "netty-resolver", "netty-codec"),
    *("netty-transport-native-unix-common", "netty-transport-native-epoll"),
]
# Name, servers, whether each write waits for the disk.
ENSEMBLES = [("one server, sync not forced", 1, False), ("3 servers, sync not forced", 3, False), ("3 servers, sync forced", 3, True)]
HANDOFFS = (2, 10, 100)
KEYS = 64
# What limit.c and wire.c call what the tables call so.
FORMS = {
    "cycle": {"plain": "plain", "listed": "listed"},
    "parallel": {"plain": "plain", "listed": "listed"},
    "handoff": {"exchange": "pass", "queueing": "queue"},
}
# The compilers of JVMs need seconds of work before they show what they can do. For each server, and for each start of Curator.
WARM_UP_SECONDS = 4
COUNT_SECONDS = 1
PATIENCE = 2
COUNTED = [("cycle", 1), ("handoff", 10)]


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Clients:
    """The programs to measure, each with what to call it."""

    def __init__(self, wire: str, limit: str, dlock: str, folder: Path) -> None:
        self.limits = {"sockets": wire, "libzookeeper": limit}
        self.dlock = dlock
        class_path = [f"{JARS}/{name}.jar" for name in CURATOR]
        source = str(HERE / "CuratorPeer.java")
        subprocess.run(["javac", "-nowarn", "-d", str(folder), "-cp", ":".join(class_path), source], check=True, stdout=sys.stderr)
        self.curator = ["java", "-cp", ":".join([str(folder), *class_path]), "CuratorPeer"]

    def commands(self, hosts: str, scenario: str, number: int, seconds: str) -> dict[str, list[str]]:
        options = ["--scenario", scenario, "--clients", str(number), "--duration", f"{seconds}s"]
        arguments = [hosts, scenario, str(number), seconds]
        return {
            **{
                f"{name} ({form})": [limit, hosts, scenario, seconds, str(number), word]
                for name, limit in self.limits.items()
                for form, word in FORMS[scenario].items()
            },
            "dlock": [self.dlock, "bench", "--json", "--store", f"zookeeper://{hosts}/dlock-bench", *options],
            "Curator": [*self.curator, *arguments, str(WARM_UP_SECONDS)],
            "kazoo": [str(PYTHON), str(HERE / "kazoo_peer.py"), *arguments],
        }


def listing(ports: list[int]) -> str:
    return ",".join(f"127.0.0.1:{port}" for port in ports)


class Bench:
    def __init__(self, ensemble: Ensemble, clients: Clients, seconds: str, refused: set[str]) -> None:
        self.ensemble, self.clients, self.seconds, self.refused = ensemble, clients, seconds, refused
        self.failures: dict[str, int] = {}
        self.succeeded: set[str] = set()
        self.cores = sorted(os.sched_getaffinity(0))

    def hosts(self, scenario: str) -> str:
        return listing(self.ensemble.ports if scenario == "handoff" else [self.ensemble.one])

    def execute(self, name: str, command: list[str], begins: Callable[[], None]) -> dict | None:
        """The line of a client; None if there is none. `begins` is called when it begins to measure, at the latest known."""
        begins()
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True)
            overdue = threading.Timer(float(self.seconds) * 2 + 90, process.kill)
            overdue.start()
            line = None
            try:
                for text in process.stdout or []:
                    if text.strip() == "begin":
                        begins()
                    elif text.startswith("{"):
                        line = json.loads(text)
                        break
                process.communicate()
            finally:
                overdue.cancel()
                process.kill()
                process.wait()
            errors.seek(0)
            said = errors.read().strip()[-500:]
        if process.returncode != 0 or (said and line is None):
            note(f"{name} ended with {process.returncode}: {said}")
        return line

    def run(self, name: str, command: list[str], pinned: bool) -> None:
        if name in self.refused:
            return
        self.ensemble.pin({self.cores[1]} if pinned else set(self.cores))
        cpu = 0.0

        def begins() -> None:
            nonlocal cpu
            cpu = self.ensemble.cpu_seconds()

        line = self.execute(name, ["taskset", "-c", str(self.cores[0]), *command] if pinned else command, begins)
        if line is None:
            self.complain(name, command)
            return
        self.succeeded.add(name)
        line |= {"client": name, "ensemble": self.ensemble.name, "pinned": pinned}
        line["server_cpu_seconds"] = round(self.ensemble.cpu_seconds() - cpu, 3)
        print(json.dumps(line), flush=True)

    def complain(self, name: str, command: list[str]) -> None:
        """Who has never measured anything in two attempts is left out."""
        note(f"{name} did not measure anything: {' '.join(command)}")
        self.failures[name] = self.failures.get(name, 0) + 1
        if name not in self.succeeded and self.failures[name] == PATIENCE:
            note(f"{name} is left out from here on")
            self.refused.add(name)

    def scenario(self, scenario: str, number: int, pinned: bool = False) -> None:
        for name, command in self.clients.commands(self.hosts(scenario), scenario, number, self.seconds).items():
            self.run(name, command, pinned)

    def warm_up(self) -> None:
        """Keeps all servers busy with what will be measured."""
        seconds = str(WARM_UP_SECONDS)
        everywhere = listing(self.ensemble.ports)
        work = [("parallel", KEYS, "listed", listing([port])) for port in self.ensemble.ports]
        work += [("cycle", 1, "listed", listing([port])) for port in self.ensemble.ports]
        work.append(("handoff", 10, "queue", everywhere))
        for scenario, number, form, hosts in work:
            command = [self.clients.limits["libzookeeper"], hosts, scenario, seconds, str(number), form]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def round(self) -> None:
        self.scenario("cycle", 1)
        if len(self.cores) > 1:
            self.scenario("cycle", 1, pinned=True)
        else:
            note("only one core: nothing is pinned")
        self.scenario("parallel", KEYS)
        for number in HANDOFFS:
            self.scenario("handoff", number)

    def count(self) -> None:
        """The requests of each operation. They make a detour here, so that nothing of it is worth measuring."""
        for scenario, number in COUNTED:
            counter = Counter(self.ensemble.ports if scenario == "handoff" else [self.ensemble.one])
            try:
                commands = self.clients.commands(listing(counter.ports), scenario, number, str(COUNT_SECONDS))
                for name, command in commands.items():
                    self.count_client(counter, scenario, number, name, command)
            finally:
                counter.stop()

    def count_client(self, counter: Counter, scenario: str, number: int, name: str, command: list[str]) -> None:
        if name in self.refused:
            return
        line = self.execute(name, command, counter.calls.clear)
        if line is None:
            self.complain(name, command)
            return
        entry = {key: line[key] for key in ("scenario", "clients", "operations")}
        print(json.dumps({"client": name, "ensemble": self.ensemble.name, **entry, "requests": counter.calls}), flush=True)


def measure(clients: Clients, seconds: str, rounds: int, folder: Path) -> None:
    refused: set[str] = set()
    for index, (name, size, forced_sync) in enumerate(ENSEMBLES):
        ensemble = Ensemble(name, folder / str(index), size, forced_sync)
        try:
            bench = Bench(ensemble, clients, seconds, refused)
            note(f"zookeeper: {name}: {', '.join(ensemble.modes)}; getting warm")
            bench.warm_up()
            for number in range(1, rounds + 1):
                note(f"zookeeper: {name}: round {number} of {rounds}")
                bench.round()
            bench.count()
        finally:
            ensemble.stop()


def main() -> None:
    seconds, rounds, wire, limit, dlock = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    if os.getloadavg()[0] > 0.5:
        note("the machine is busy with something else (load {:.1f}): expect nonsense".format(os.getloadavg()[0]))
    with tempfile.TemporaryDirectory() as folder:
        classes = Path(folder, "classes")
        classes.mkdir()
        measure(Clients(wire, limit, dlock, classes), seconds, int(rounds), Path(folder))


main()
