# SPDX-License-Identifier: Apache-2.0
"""Locks of kazoo as they come: one object for each task, a thread for each; in handoff a session for each as well.

Prints "begin" when everything is warm, then one line of JSON with the fields of `dlock bench --json`, and how often the lock
went from one task to another.

    kazoo_peer.py HOSTS cycle|parallel|handoff TASKS SECONDS
"""

import json
import os
import sys
import threading
import time
from typing import Any, Callable

from kazoo.client import KazooClient
from kazoo.recipe.lock import Lock

WARM_UP_SECONDS = 1
CONNECT_SECONDS = 30
now = time.perf_counter_ns


class ObservedLock(Lock):
    """Says when its node is there."""

    on_queued: Callable[[], None] | None = None

    @property
    def node(self) -> str | None:
        return self.known_node

    @node.setter
    def node(self, name: str | None) -> None:
        self.known_node = name
        if name is not None and self.on_queued is not None:
            self.on_queued()


class Referee:
    """Watches the tasks: what they measure, and who passes whom. A task counts as waiting once its node is there."""

    def __init__(self, tasks: int) -> None:
        self.asked = [0] * tasks
        self.queued = [0] * tasks
        self.holder = self.last = -1
        self.released = 0
        self.latencies: list[int] = []
        self.operations = self.overtakes = self.violations = self.handovers = self.longest = 0

    def asks(self, task: int) -> None:
        self.asked[task] = now()

    def is_queued(self, task: int) -> None:
        self.queued[task] = now()

    def begins(self, task: int) -> None:
        time = now()
        asked, self.queued[task] = self.asked[task], 0
        if self.released:
            self.latencies.append(time - self.released)
        if self.holder != -1:
            self.violations += 1
        self.holder = task
        self.handovers += self.last != task
        if any(0 < other < asked for other in self.queued):
            self.overtakes += 1
        self.longest = max(self.longest, time - asked)
        self.operations += 1

    def ends(self, task: int) -> None:
        if self.holder != task:
            self.violations += 1
        self.holder, self.last = -1, task
        self.released = now() if any(self.queued) else 0


class Tally:
    """Tasks that do not meet."""

    def __init__(self) -> None:
        self.latencies: list[int] = []
        self.overtakes = self.violations = 0

    @property
    def operations(self) -> int:
        return len(self.latencies)


class Bench:
    def __init__(self, hosts: str, scenario: str, tasks: int, seconds: float) -> None:
        self.scenario, self.tasks, self.seconds = scenario, tasks, seconds
        self.folder = f"/kazoo-{os.getpid()}"
        sessions = tasks if scenario == "handoff" else 1
        self.clients = [KazooClient(hosts=hosts) for _ in range(sessions)]
        for started in [client.start_async() for client in self.clients]:
            if not started.wait(CONNECT_SECONDS):
                sys.exit("kazoo_peer.py: no server answers")
        self.gate = threading.Barrier(tasks + 1)
        self.end = 0
        self.watch: Any = Referee(tasks) if scenario == "handoff" else Tally()

    def lock(self, task: int, name: str) -> ObservedLock:
        return ObservedLock(self.clients[task % len(self.clients)], f"{self.folder}/{name}")

    def cycle(self, lock: Lock, latencies: list[int], end: int) -> None:
        start = now()
        while start < end:
            lock.acquire()
            lock.release()
            stop = now()
            latencies.append(stop - start)
            start = stop

    def contend(self, task: int) -> None:
        lock = self.lock(task, "bench")
        lock.on_queued = lambda: self.watch.is_queued(task)
        while now() < self.end:
            self.watch.asks(task)
            lock.acquire()
            self.watch.begins(task)
            self.watch.ends(task)
            lock.release()

    def run_task(self, task: int) -> None:
        lock = self.lock(task, f"bench-{task}")
        self.cycle(lock, [], now() + WARM_UP_SECONDS * 1_000_000_000)
        self.gate.wait()
        self.gate.wait()
        if self.scenario == "handoff":
            self.contend(task)
        else:
            self.cycle(lock, self.watch.latencies, self.end)

    def run(self) -> None:
        threads = [threading.Thread(target=self.run_task, args=(task,), daemon=True) for task in range(self.tasks)]
        for thread in threads:
            thread.start()
        self.gate.wait()
        print("begin", flush=True)
        start, cpu = now(), time.process_time()
        self.end = start + int(self.seconds * 1e9)
        self.gate.wait()
        for thread in threads:
            thread.join()
        self.report((now() - start) / 1e9, time.process_time() - cpu)
        for client in self.clients:
            client.stop()

    def report(self, seconds: float, cpu: float) -> None:
        operations, latencies = self.watch.operations, sorted(self.watch.latencies)

        def percentile(p: float) -> float:
            return latencies[int((len(latencies) - 1) * p)] / 1000 if latencies else 0

        line = {
            "store": "zookeeper",
            "scenario": self.scenario,
            "clients": self.tasks,
            "operations": operations,
            "seconds": round(seconds, 3),
            "ops_per_second": round(operations / seconds, 1),
            "p50_us": percentile(0.5),
            "p90_us": percentile(0.9),
            "p99_us": percentile(0.99),
            "max_us": percentile(1),
            "overtakes": self.watch.overtakes,
            "violations": self.watch.violations,
            "client_cpu_seconds": round(cpu, 3),
        }
        if self.scenario == "handoff":
            line["handovers"] = self.watch.handovers
            line["longest_wait_us"] = self.watch.longest / 1000
        print(json.dumps(line), flush=True)


def main() -> None:
    hosts, scenario, tasks, seconds = sys.argv[1:]
    Bench(hosts, scenario, int(tasks), float(seconds)).run()


main()
