# SPDX-License-Identifier: Apache-2.0
"""ZooKeeper servers on free ports of the loopback interface, which end with this process."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from nudge import Nudge

JARS = Path("/usr/share/java")
CLASS_PATH = f"{JARS}/zookeeper.jar:{JARS}/slf4j-simple.jar"
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on; all are bound at a time, so that none comes twice."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Ensemble:
    """One server alone, or several that elect a leader."""

    def __init__(self, name: str, folder: Path, size: int, forced_sync: bool) -> None:
        self.name = name
        self.ports = free_ports(size)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.nudge: Nudge | None = None
        members = ""
        if size > 1:
            pairs = zip(*[iter(free_ports(2 * size))] * 2)
            members = "".join(f"server.{index}=127.0.0.1:{a}:{b}\n" for index, (a, b) in enumerate(pairs, 1))
        try:
            for index, port in enumerate(self.ports, 1):
                self.start(folder / f"server-{index}", index, port, members, forced_sync)
            self.modes = [self.await_mode(port) for port in self.ports]
            self.nudge = Nudge(self.ports)
        except BaseException:
            self.stop()
            raise

    def start(self, folder: Path, index: int, port: int, members: str, forced_sync: bool) -> None:
        folder.mkdir(parents=True)
        (folder / "myid").write_text(f"{index}\n")
        (folder / "zoo.cfg").write_text(
            f"dataDir={folder}\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
            "tickTime=2000\ninitLimit=10\nsyncLimit=5\nmaxClientCnxns=0\n"
            f"admin.enableServer=false\n4lw.commands.whitelist=srvr\n{members}"
        )
        with open(folder / "log", "w") as log:
            self.processes.append(
                subprocess.Popen(
                    [
                        "java",
                        "-Xms256m",
                        "-Xmx512m",
                        f"-Dzookeeper.forceSync={'yes' if forced_sync else 'no'}",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                        "-cp",
                        CLASS_PATH,
                        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                        str(folder / "zoo.cfg"),
                    ],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    preexec_fn=Ensemble.die_with_parent,
                )
            )

    @staticmethod
    def die_with_parent() -> None:
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)

    def await_mode(self, port: int) -> str:
        """Waits until the server serves, and says as what."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if any(process.poll() is not None for process in self.processes):
                sys.exit(f"run.py: a ZooKeeper server of {self.name} did not start")
            for line in self.ask(port, b"srvr").splitlines():
                if line.startswith("Mode: "):
                    return line.removeprefix("Mode: ")
            time.sleep(0.1)
        sys.exit(f"run.py: {self.name} does not answer")

    @staticmethod
    def ask(port: int, word: bytes) -> str:
        """The answer to a four letter word; nothing if there is none."""
        try:
            with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
                connection.sendall(word)
                parts = []
                while part := connection.recv(65536):
                    parts.append(part)
                return b"".join(parts).decode()
        except OSError:
            return ""

    @property
    def one(self) -> int:
        """The port of the server for a client with one session: a follower if there is one, as most servers are."""
        return next((port for port, mode in zip(self.ports, self.modes) if mode == "follower"), self.ports[0])

    def cpu_seconds(self) -> float:
        """The processor time of all the servers so far."""
        total = 0
        for process in self.processes:
            fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def pin(self, cores: set[int]) -> None:
        for process in self.processes:
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                try:
                    os.sched_setaffinity(int(thread), cores)
                except ProcessLookupError:
                    pass  # The thread has ended meanwhile.

    def stop(self) -> None:
        if self.nudge is not None:
            self.nudge.stop()
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
