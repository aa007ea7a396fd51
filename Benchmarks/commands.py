# SPDX-License-Identifier: Apache-2.0
"""Whole commands side by side: `dlock run NAME -- true` and `flock FILE true`, in turn.

Prints one line of JSON: the median wall time of each in milliseconds, the median of the ratios pair by pair, and how much longer
16,000 arguments take than none.

    commands.py DLOCK STORE_FOLDER ROUNDS
"""

import json
import os
import statistics
import subprocess
import sys
import time


def milliseconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    dlock, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ours = [dlock, "run", "--store", folder, "commands", "--", "true"]
    theirs = ["flock", os.path.join(folder, "peer"), "true"]
    alone = ["true"]
    long = ours + [str(number) for number in range(16_000)]
    for command in (ours, theirs, alone, long):
        milliseconds(command)
    pairs = [(milliseconds(ours), milliseconds(theirs), milliseconds(alone)) for _ in range(rounds)]
    more = [milliseconds(long) - milliseconds(ours) for _ in range(max(1, rounds // 5))]
    print(
        json.dumps(
            {
                "rounds": rounds,
                "dlock_ms": round(statistics.median(p[0] for p in pairs), 2),
                "flock_ms": round(statistics.median(p[1] for p in pairs), 2),
                "bare_ms": round(statistics.median(p[2] for p in pairs), 2),
                "ratio": round(statistics.median(p[0] / p[1] for p in pairs), 2),
                "arguments_ms": round(statistics.median(more), 2),
            }
        )
    )


main()
