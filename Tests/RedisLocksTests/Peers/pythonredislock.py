"""python-redis-lock, which has a form of its own.

The lock NAME is the key "lock:NAME" (a random value, an expiry in whole seconds), so KEY has to be what comes after
"lock:". Who waits does not try again every now and then, but sleeps in BLPOP on the list "lock-signal:NAME". Who releases
deletes that list, pushes one item, lets the list expire after a second, and deletes the key, all in one script.

So another kind of client can exclude this one by using the same key, but does not wake it: if that one does not push to
the list, this one sleeps until BLPOP times out, and only then tries again. And it may be woken, or find an old item, and
still not get the lock: the list is a hint, and the key decides.
"""

import peer
import redis
import redis_lock


class PythonRedisLock:
    def __init__(self, host, port, key, lease):
        # A connection has to outlast a sleep in BLPOP.
        self.client = redis.Redis(host, port, socket_timeout=60)
        self.lock = redis_lock.Lock(self.client, key, expire=lease)

    def acquire(self, seconds):
        return self.lock.acquire(timeout=seconds)

    def release(self):
        self.lock.release()


peer.main("pythonredislock", PythonRedisLock)
