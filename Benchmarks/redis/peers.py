# SPDX-License-Identifier: Apache-2.0
"""Locks of Python libraries on Redis, as they come; only a lease of 30 s is asked for, as ours have one.

Prints one line of JSON with the fields of `dlock bench --json`, and how often the lock went from one task to another.

    peers.py CLIENT PORT cycle|parallel|handoff TASKS SECONDS
"""

import asyncio
import json
import os
import sys
import threading
import time
from typing import Any, Callable

LEASE = 30
OVERTAKE_NS = 500_000
now = time.perf_counter_ns


class Referee:
    """Watches the tasks: what they measure, and who passes whom. Only the holder writes, apart from `asked`."""

    def __init__(self, tasks: int) -> None:
        self.asked = [0] * tasks
        self.holder = self.last = -1
        self.released = 0
        self.latencies: list[int] = []
        self.operations = self.overtakes = self.violations = self.longest = 0

    def begins(self, task: int) -> None:
        time = now()
        asked, self.asked[task] = self.asked[task], 0
        if self.holder != -1:
            self.violations += 1
        self.holder = task
        if self.last not in (-1, task) and asked < self.released:
            self.latencies.append(time - self.released)
        if any(other and other + OVERTAKE_NS < asked for other in self.asked):
            self.overtakes += 1
        self.longest = max(self.longest, time - asked)
        self.operations += 1

    def ends(self, task: int) -> None:
        self.holder, self.last = -1, task
        self.released = now()

    def longest_wait(self) -> int:
        """In nanoseconds, of those who have been served and of those who have not."""
        return max(self.longest, *(now() - asked for asked in self.asked if asked), 0)


class Tally:
    """Tasks that do not meet."""

    def __init__(self) -> None:
        self.latencies: list[int] = []
        self.overtakes = self.violations = 0

    @property
    def operations(self) -> int:
        return len(self.latencies)


# Each client is a function that makes a function, which takes the lock of that name and returns how to give it back.


def redis_py(port: int) -> Callable[[str], Callable[[], Any]]:
    import redis

    client = redis.Redis(port=port)

    def acquire(name: str) -> Callable[[], Any]:
        lock = client.lock(name, timeout=LEASE)
        lock.acquire()
        return lock.release

    return acquire


def python_redis_lock(port: int) -> Callable[[str], Callable[[], Any]]:
    import redis
    import redis_lock

    client = redis.Redis(port=port)

    def acquire(name: str) -> Callable[[], Any]:
        lock = redis_lock.Lock(client, name, expire=LEASE)
        lock.acquire()
        return lock.release

    return acquire


def redlock_ng(port: int) -> Callable[[str], Callable[[], Any]]:
    import redlock

    client = redlock.Redlock([f"redis://127.0.0.1:{port}"])

    def acquire(name: str) -> Callable[[], Any]:
        lock = client.acquire(name, ttl=LEASE * 1000, blocking=True)
        return lambda: client.release(lock)

    return acquire


def redis_py_asyncio(port: int) -> Callable[[str], Any]:
    import redis.asyncio

    client = redis.asyncio.Redis(port=port)

    async def acquire(name: str) -> Callable[[], Any]:
        lock = client.lock(name, timeout=LEASE)
        await lock.acquire()
        return lock.release

    return acquire


def measure_threads(acquire: Callable, port: int, scenario: str, tasks: int, seconds: float, watch: Any) -> None:
    gate = threading.Barrier(tasks + 1)

    def cycle(task: int) -> None:
        while True:
            start = now()
            acquire(f"bench-{task}")()
            watch.latencies.append(now() - start)

    def contend(task: int) -> None:
        while True:
            watch.asked[task] = now()
            release = acquire("bench")
            watch.begins(task)
            watch.ends(task)
            release()

    def run(task: int) -> None:
        acquire(f"warm-{task}")()
        gate.wait()
        gate.wait()
        (contend if scenario == "handoff" else cycle)(task)

    for task in range(tasks):
        threading.Thread(target=run, args=(task,), daemon=True).start()
    gate.wait()
    finish = report_after(port, scenario, tasks, watch)
    gate.wait()
    time.sleep(seconds)
    finish()


async def measure_tasks(make: Callable, port: int, scenario: str, tasks: int, seconds: float, watch: Any) -> None:
    acquire = make(port)

    async def cycle(task: int) -> None:
        while True:
            start = now()
            await (await acquire(f"bench-{task}"))()
            watch.latencies.append(now() - start)

    async def contend(task: int) -> None:
        while True:
            watch.asked[task] = now()
            release = await acquire("bench")
            watch.begins(task)
            watch.ends(task)
            await release()

    async def warm(task: int) -> None:
        await (await acquire(f"warm-{task}"))()

    await asyncio.gather(*(warm(task) for task in range(tasks)))
    finish = report_after(port, scenario, tasks, watch)
    running = [asyncio.create_task((contend if scenario == "handoff" else cycle)(task)) for task in range(tasks)]
    await asyncio.sleep(seconds)
    finish()
    del running


def report_after(port: int, scenario: str, tasks: int, watch: Any) -> Callable[[], None]:
    """Begins to count, here and at the server; returns what prints the line and ends the process, whoever still waits."""
    import redis

    redis.Redis(port=port).config_resetstat()
    start, cpu = now(), time.process_time()

    def finish() -> None:
        seconds, used = (now() - start) / 1e9, time.process_time() - cpu
        operations, latencies = watch.operations, sorted(watch.latencies[:])

        def percentile(p: float) -> float:
            return latencies[int((len(latencies) - 1) * p)] / 1000 if latencies else 0

        line = {
            "client": NAMES[sys.argv[1]],
            "store": "redis",
            "scenario": scenario,
            "clients": tasks,
            "operations": operations,
            "seconds": round(seconds, 3),
            "ops_per_second": round(operations / seconds, 1),
            "p50_us": percentile(0.5),
            "p90_us": percentile(0.9),
            "p99_us": percentile(0.99),
            "max_us": percentile(1),
            "overtakes": watch.overtakes,
            "violations": watch.violations,
            "client_cpu_seconds": round(used, 3),
        }
        if scenario == "handoff":
            line["handovers"] = len(latencies)
            line["longest_wait_us"] = watch.longest_wait() / 1000
        print(json.dumps(line), flush=True)
        os._exit(0)

    return finish


NAMES = {
    "redis_py": "redis-py, threads",
    "redis_py_asyncio": "redis-py, asyncio",
    "python_redis_lock": "python-redis-lock",
    "redlock_ng": "redlock-ng",
}


def main() -> None:
    client, port, scenario, tasks, seconds = sys.argv[1:]
    make = {f.__name__: f for f in (redis_py, redis_py_asyncio, python_redis_lock, redlock_ng)}[client]
    watch = Referee(int(tasks)) if scenario == "handoff" else Tally()
    if make is redis_py_asyncio:
        asyncio.run(measure_tasks(make, int(port), scenario, int(tasks), float(seconds), watch))
    else:
        measure_threads(make(int(port)), int(port), scenario, int(tasks), float(seconds), watch)


main()
