"""The lock that comes with redis-py: the key KEY with a random value, tried for again ten times a second."""

import peer
import redis


class RedisPyLock:
    def __init__(self, host, port, key, lease):
        self.lock = redis.Redis(host, port).lock(key, timeout=lease)

    def acquire(self, seconds):
        return self.lock.acquire(blocking_timeout=seconds)

    def release(self):
        self.lock.release()


peer.main("redispy", RedisPyLock)
