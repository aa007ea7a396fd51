"""What the clients in Python have in common: a part in a contest for one lock, and the check of who has it.

    PROGRAM contend [--broken] HOST PORT KEY SECONDS LOGFILE
    PROGRAM hold HOST PORT KEY
    PROGRAM wait HOST PORT KEY

contend  prints "ready", waits for a line, and then takes the lock and gives it back, again and again, for SECONDS. With
         --broken it only pretends to.
hold     takes the lock (waiting up to 30 s), prints "held", waits for a line, gives the lock back, and prints "released"
         with the time.
wait     takes the lock (waiting up to 30 s), prints "acquired" with the time, and gives it back.

Times are nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.

Each hold is a line in LOGFILE: the time just after the lock was taken, the time just before it is given back, the name of
the client, the number of the process. While the lock is held there is a file LOGFILE.inside, which only one process can
make; who finds it there already writes a line "OVERLAP". What a library raises is a line "ERROR".
"""

import os
import random
import sys
import time

CONTEST_LEASE = 5
LONG_LEASE = 30


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Log:
    def __init__(self, path, name):
        self.inside = path + ".inside"
        self.name = name
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def line(self, *words):
        os.write(self.file, (" ".join(str(word) for word in words) + "\n").encode())

    def error(self, error):
        text = " ".join(f"{type(error).__name__}: {error}".split())
        self.line("ERROR", self.name, os.getpid(), text)

    def hold(self):
        """To be called by who has the lock."""
        start = now()
        is_alone = self.enter()
        time.sleep(0.001)
        if is_alone:
            os.unlink(self.inside)
        self.line(start, now(), self.name, os.getpid())

    def enter(self):
        try:
            os.close(os.open(self.inside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            return True
        except FileExistsError:
            self.line("OVERLAP", self.name, os.getpid())
            return False


class NoLock:
    def acquire(self, seconds):
        return True

    def release(self):
        pass


def contend(lock, name, seconds, path):
    log = Log(path, name)
    print("ready", flush=True)
    sys.stdin.readline()
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        try:
            if not lock.acquire(1):
                continue
            try:
                log.hold()
            finally:
                lock.release()
        except Exception as error:
            log.error(error)
            time.sleep(0.05)
        time.sleep(random.uniform(0, 0.005))


def acquire_patiently(lock):
    if not lock.acquire(LONG_LEASE):
        sys.exit("the lock was not to be had")


def main(name, make_lock):
    """Runs a program. `make_lock` gets host, port, key and lease (seconds), and returns something with these methods:
    acquire(seconds), which waits up to so long, and says whether it has the lock; and release()."""
    mode, *words = sys.argv[1:]
    is_broken = "--broken" in words
    host, port, key, *rest = [word for word in words if word != "--broken"]
    lease = CONTEST_LEASE if mode == "contend" else LONG_LEASE
    lock = NoLock() if is_broken else make_lock(host, int(port), key, lease)
    if mode == "contend":
        contend(lock, name, *rest)
    elif mode == "hold":
        acquire_patiently(lock)
        print("held", flush=True)
        sys.stdin.readline()
        lock.release()
        print("released", now(), flush=True)
    elif mode == "wait":
        acquire_patiently(lock)
        print("acquired", now(), flush=True)
        lock.release()
    else:
        sys.exit(f"unknown mode {mode}")
