# SPDX-License-Identifier: Apache-2.0
"""Makes Markdown tables of the JSON lines that `dlock bench --json`, flock.c, commands.py, redis/run.py and zookeeper/run.py print.

Several runs of one scenario become one row: the medians.
"""

import json
import statistics
import sys


def median(runs: list[dict], field: str) -> float:
    return statistics.median(run[field] for run in runs)


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def print_embedded(entries: list[dict]) -> None:
    rows: dict[tuple[str, int, str], list[dict]] = {}
    for entry in entries:
        kind = entry["store"].split("/")[0]
        rows.setdefault((entry["scenario"], entry["clients"], kind), []).append(entry)
    print("| scenario | clients | store | per second | p50 µs | p90 µs | p99 µs | CPU µs each | overtakes | violations |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for (scenario, clients, kind), runs in sorted(rows.items()):
        cpu = statistics.median(run["client_cpu_seconds"] / max(1, run["operations"]) * 1e6 for run in runs)
        print(
            f"| {scenario} | {clients} | `{kind}` | {figure(median(runs, 'ops_per_second'))} | {figure(median(runs, 'p50_us'))} "
            f"| {figure(median(runs, 'p90_us'))} | {figure(median(runs, 'p99_us'))} | {figure(cpu)} "
            f"| {sum(run['overtakes'] for run in runs):,} | {sum(run['violations'] for run in runs)} |"
        )


class RedisRuns:
    """The runs on Redis: those of one scenario, number of clients or keys, and pinned or not, make one table."""

    def __init__(self, entries: list[dict]) -> None:
        self.tables: dict[tuple[str, int, bool], dict[str, list[dict]]] = {}
        for entry in entries:
            place = (entry["scenario"], entry["clients"], entry["pinned"])
            self.tables.setdefault(place, {}).setdefault(entry["client"], []).append(entry)

    def print_all(self) -> None:
        order = ["cycle", "parallel", "handoff"]
        for place in sorted(self.tables, key=lambda place: (order.index(place[0]), *place[1:])):
            self.print_table(place)
        for (scenario, number, _), clients in self.tables.items():
            for client, runs in clients.items():
                violations = sum(run["violations"] for run in runs)
                if violations > 0:
                    print(f"\nVIOLATIONS: {client}, {scenario} {number}: {violations:,}")

    def print_table(self, place: tuple[str, int, bool]) -> None:
        scenario, number, pinned = place
        unit = {"cycle": "", "parallel": f", {number} keys", "handoff": f", {number} clients"}[scenario]
        print(f"\n**{scenario}{unit}{', client and server on a core each' if pinned else ''}**\n")
        heads = ["per second", "p50 µs", "p99 µs", "CPU µs each", "server's", "of plain", "of fenced"]
        if scenario == "handoff":
            heads = ["taken per second", "handed over", *heads[1:5], "overtakes", "longest wait ms", *heads[5:], "server ran, for each"]
        print(f"| client | {' | '.join(heads)} |")
        print("|---" * (len(heads) + 1) + "|")
        clients = self.tables[place]
        for client, runs in clients.items():
            times = [figure(median(runs, field)) if median(runs, field) else "–" for field in ("p50_us", "p99_us")]
            cpu = [self.each(runs, field) for field in ("client_cpu_seconds", "server_cpu_seconds")]
            cells = [figure(median(runs, "ops_per_second")), *times, *cpu, *self.ratios(clients, runs)]
            if scenario == "handoff":
                cells[1:1] = [figure(self.rate(runs))]
                cells[6:6] = [self.overtakes(runs), self.longest_wait(runs)]
                cells.append(self.commands(runs))
            print(f"| {client} | {' | '.join(cells)} |")

    @staticmethod
    def rate(runs: list[dict]) -> float:
        """Operations per second; where the lock may go back to whoever gave it, only those in which it went to another."""
        return statistics.median(run.get("handovers", run["operations"]) / run["seconds"] for run in runs)

    def ratios(self, clients: dict[str, list[dict]], runs: list[dict]) -> list[str]:
        """The share of the rate that hiredis reaches with the plain commands and with ours, each in the way that is faster."""
        cells = []
        for form in ("plain", "fenced"):
            limits = [self.rate(limit) for client, limit in clients.items() if client.startswith(f"hiredis ({form}")]
            ratio = self.rate(runs) / max(limits) if limits else 0
            cells.append(f"{ratio:.2f}" if ratio >= 0.01 else "< 0.01" if limits else "–")
        return cells

    @staticmethod
    def each(runs: list[dict], field: str) -> str:
        """Microseconds of an operation."""
        if not all(run["operations"] for run in runs):
            return "–"
        return figure(statistics.median(run[field] / run["operations"] * 1e6 for run in runs))

    @staticmethod
    def overtakes(runs: list[dict]) -> str:
        share = statistics.median(run["overtakes"] / max(1, run["operations"]) * 100 for run in runs)
        return f"{median(runs, 'overtakes'):,.0f} ({share:.0f} %)" if share else "0"

    @staticmethod
    def longest_wait(runs: list[dict]) -> str:
        return figure(median(runs, "longest_wait_us") / 1000) if "longest_wait_us" in runs[0] else "–"

    @staticmethod
    def commands(runs: list[dict]) -> str:
        """Commands of the server for an operation, those that scripts run too."""
        operations = max(1, sum(run["operations"] for run in runs))
        names = sorted({name for run in runs for name in run["server_commands"]})
        often = {name: sum(run["server_commands"].get(name, 0) for run in runs) / operations for name in names}
        return ", ".join(f"{name} {count:.2g}" for name, count in often.items() if count >= 0.05)


class ZooKeeperRuns:
    """The runs on ZooKeeper: those on one ensemble, of one scenario and number of clients, and pinned or not, make one table."""

    def __init__(self, entries: list[dict]) -> None:
        self.ensembles: dict[str, dict[tuple[str, int, bool], dict[str, list[dict]]]] = {}
        self.requests: dict[str, dict[str, dict[str, dict]]] = {}
        for entry in entries:
            ensemble, client = entry["ensemble"], entry["client"]
            if "requests" in entry:
                self.requests.setdefault(ensemble, {}).setdefault(client, {})[entry["scenario"]] = entry
                continue
            place = (entry["scenario"], entry["clients"], entry["pinned"])
            self.ensembles.setdefault(ensemble, {}).setdefault(place, {}).setdefault(client, []).append(entry)

    def print_all(self) -> None:
        for ensemble, tables in self.ensembles.items():
            print(f"\n### {ensemble}")
            for place, clients in tables.items():
                self.print_table(*place, clients)
            self.print_requests(self.requests.get(ensemble, {}))
            for (scenario, number, _), clients in tables.items():
                for client, runs in clients.items():
                    violations = sum(run["violations"] for run in runs)
                    if violations > 0:
                        print(f"\nVIOLATIONS: {client}, {scenario} {number}: {violations:,}")

    def print_table(self, scenario: str, number: int, pinned: bool, clients: dict[str, list[dict]]) -> None:
        unit = {"cycle": "", "parallel": f", {number} keys", "handoff": f", {number} clients"}[scenario]
        print(f"\n**{scenario}{unit}{', client and servers on a core each' if pinned else ''}**\n")
        forms = ["exchange", "queueing"] if scenario == "handoff" else ["plain", "listed"]
        heads = ["per second", "p50 µs", "p99 µs", "CPU µs each", "servers'", *(f"of {form}: rate, p50" for form in forms)]
        if scenario == "handoff":
            heads[5:5] = ["overtakes", "longest wait ms"]
        print(f"| client | {' | '.join(heads)} |")
        print("|---" * (len(heads) + 1) + "|")
        for client, runs in clients.items():
            cells = [figure(RedisRuns.rate(runs)), *(figure(median(runs, field)) for field in ("p50_us", "p99_us"))]
            cells += [RedisRuns.each(runs, field) for field in ("client_cpu_seconds", "server_cpu_seconds")]
            if scenario == "handoff":
                cells += [RedisRuns.overtakes(runs), RedisRuns.longest_wait(runs)]
            cells += [self.ratio(runs, clients.get(f"sockets ({form})")) for form in forms]
            print(f"| {client} | {' | '.join(cells)} |")

    @staticmethod
    def ratio(runs: list[dict], limit: list[dict] | None) -> str:
        """The share of the limit's rate, and how many times as long the median takes."""
        if not limit or not median(limit, "p50_us"):
            return "–"
        return f"{RedisRuns.rate(runs) / RedisRuns.rate(limit):.2f}, {median(runs, 'p50_us') / median(limit, 'p50_us'):.2f}"

    @staticmethod
    def print_requests(clients: dict[str, dict[str, dict]]) -> None:
        """What each client sent for an operation, and the events that it was sent."""
        if not clients:
            return
        heads = {
            scenario: "each cycle" if scenario == "cycle" else f"each acquisition, {entry['clients']} clients"
            for entries in clients.values()
            for scenario, entry in entries.items()
        }
        print(f"\n**requests**\n\n| client | {' | '.join(heads.values())} |\n{'|---' * (len(heads) + 1)}|")
        for client, entries in clients.items():
            cells = [ZooKeeperRuns.request_list(entries.get(scenario)) for scenario in heads]
            print(f"| {client} | {' | '.join(cells)} |")

    @staticmethod
    def request_list(entry: dict | None) -> str:
        if entry is None or not entry["operations"]:
            return "–"
        often = {name: count / entry["operations"] for name, count in sorted(entry["requests"].items())}
        events = often.pop("event", 0)
        names = ", ".join(f"{name} {count:.2f}" for name, count in often.items() if count >= 0.01)
        return f"**{sum(often.values()):.2f}** ({names})" + (f"; {events:.2f} events" if events >= 0.01 else "")


def main() -> None:
    embedded, redis, zookeeper, commands = [], [], [], []
    for line in sys.stdin:
        entry = json.loads(line)
        if "scenario" not in entry:
            commands.append(entry)
        elif "ensemble" in entry:
            zookeeper.append(entry)
        elif "server_commands" in entry:
            redis.append(entry)
        else:
            embedded.append(entry)
    if embedded:
        print_embedded(embedded)
    for entry in commands:
        print(
            f"\nWhole commands, median of {entry['rounds']}: `dlock run x -- true` {entry['dlock_ms']} ms, "
            f"`flock x true` {entry['flock_ms']} ms (ratio {entry['ratio']}), `true` alone {entry['bare_ms']} ms; "
            f"16,000 arguments take {entry['arguments_ms']} ms more than none."
        )
    if redis:
        RedisRuns(redis).print_all()
    if zookeeper:
        ZooKeeperRuns(zookeeper).print_all()


main()
