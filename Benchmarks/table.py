# SPDX-License-Identifier: Apache-2.0
"""Makes Markdown tables of the JSON lines that `dlock bench --json`, flock.c and commands.py print.

Several runs of one scenario become one row: the medians.
"""

import json
import statistics
import sys


def median(runs: list[dict], field: str) -> float:
    return statistics.median(run[field] for run in runs)


def figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def main() -> None:
    rows: dict[tuple[str, int, str], list[dict]] = {}
    commands = []
    for line in sys.stdin:
        entry = json.loads(line)
        if "scenario" not in entry:
            commands.append(entry)
            continue
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
    for entry in commands:
        print(
            f"\nWhole commands, median of {entry['rounds']}: `dlock run x -- true` {entry['dlock_ms']} ms, "
            f"`flock x true` {entry['flock_ms']} ms (ratio {entry['ratio']}), `true` alone {entry['bare_ms']} ms."
        )


main()
