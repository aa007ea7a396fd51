"""redlock-ng, with one server: the key KEY with a random value.

Who does not get it, tries to delete its own value all the same, and tries again after 100 to 300 ms. All errors of the
server are taken for "somebody else has it".
"""

import time

import peer
from redlock import Redlock


class RedlockNG:
    def __init__(self, host, port, key, lease):
        self.redlock = Redlock([f"redis://{host}:{port}/0"], retry_count=0)
        self.key = key
        self.lease = lease
        self.lock = None

    def acquire(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            # Without retries of its own it waits once after a try that failed, as it does between two tries.
            self.lock = self.redlock.acquire(self.key, self.lease * 1000)
            if self.lock:
                return True
        return False

    def release(self):
        self.redlock.release(self.lock)


peer.main("redlockng", RedlockNG)
