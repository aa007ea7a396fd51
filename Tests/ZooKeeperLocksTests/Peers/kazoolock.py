"""The lock of kazoo, in a contest for one path.

    kazoolock.py contend [OPTION…] HOSTS PATH SECONDS LOGFILE
    kazoolock.py hold [OPTION…] HOSTS PATH
    kazoolock.py wait [OPTION…] HOSTS PATH

contend  prints "ready", waits for a line, and then takes the lock and gives it back, again and again, for SECONDS.
hold     takes the lock (waiting up to 30 s), prints "held" with the token, waits for a line, gives the lock back, and prints
         "released" with the time.
wait     takes the lock (waiting up to 30 s), prints "acquired" with the time, and gives it back.

--broken          it only pretends to take the lock
--pattern TEXT    nodes with TEXT before their number count as well
--session SECONDS how long the session lives without the client; 10 if nothing else is said

Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share. The token is the number of the change that
made the node of the lock.

Each hold is a line in LOGFILE: the time just after the lock was taken, the time just before it is given back, the name of
the client, the number of the process, the time when the lock was asked for, the token. While the lock is held there is a file
LOGFILE.inside, which only one process can make; who finds it there already writes a line "OVERLAP". What the library raises is
a line "ERROR".
"""

import argparse
import os
import random
import sys
import time

from kazoo.client import KazooClient

PATIENCE = 30


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Log:
    def __init__(self, path):
        self.inside = path + ".inside"
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def line(self, *words):
        os.write(self.file, (" ".join(str(word) for word in words) + "\n").encode())

    def error(self, error):
        text = " ".join(f"{type(error).__name__}: {error}".split())
        self.line("ERROR", "kazoo", os.getpid(), text)

    def hold(self, invoked, token):
        """To be called by who has the lock."""
        start = now()
        is_alone = self.enter()
        number = token()
        time.sleep(0.001)
        if is_alone:
            os.unlink(self.inside)
        self.line(start, now(), "kazoo", os.getpid(), invoked, number)

    def enter(self):
        try:
            os.close(os.open(self.inside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            return True
        except FileExistsError:
            self.line("OVERLAP", "kazoo", os.getpid())
            return False


class Party:
    def __init__(self, options):
        self.client = KazooClient(options.hosts, timeout=options.session)
        self.client.start(timeout=PATIENCE)
        patterns = (options.pattern,) if options.pattern else ()
        self.lock = self.client.Lock(options.path, str(os.getpid()), extra_lock_patterns=patterns)
        self.is_broken = options.broken

    def acquire(self):
        if not self.is_broken:
            self.lock.acquire(timeout=PATIENCE)

    def release(self):
        if not self.is_broken:
            self.lock.release()

    def token(self):
        if self.is_broken:
            return "-"
        stat = self.client.exists(self.lock.path + "/" + self.lock.node)
        return stat.czxid if stat else "-"

    def contend(self, seconds, path):
        log = Log(path)
        print("ready", flush=True)
        sys.stdin.readline()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            invoked = now()
            try:
                self.acquire()
                try:
                    log.hold(invoked, self.token)
                finally:
                    self.release()
            except Exception as error:
                log.error(error)
                time.sleep(0.05)
            time.sleep(random.uniform(0, 0.005))

    def hold(self):
        self.acquire()
        print("held", self.token(), flush=True)
        sys.stdin.readline()
        self.release()
        print("released", now(), flush=True)

    def wait(self):
        self.acquire()
        print("acquired", now(), flush=True)
        self.release()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["contend", "hold", "wait"])
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--pattern")
    parser.add_argument("--session", type=float, default=10)
    parser.add_argument("hosts")
    parser.add_argument("path")
    parser.add_argument("seconds", type=float, nargs="?")
    parser.add_argument("log", nargs="?")
    options = parser.parse_args()
    party = Party(options)
    if options.mode == "contend":
        party.contend(options.seconds, options.log)
    elif options.mode == "hold":
        party.hold()
    else:
        party.wait()
    party.client.stop()


main()
