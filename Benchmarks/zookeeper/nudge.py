# SPDX-License-Identifier: Apache-2.0
"""Asks each server for something trivial now and then.

The leader of ZooKeeper 3.8.0 sometimes leaves a commit lying that has already been decided, and its clients waiting, until
the next request or commit comes along. On a busy ensemble that is at once; where everybody waits for that very commit it is
when the next client pings, seconds later. It would be measured as the doing of the client that it happens to.
"""

import socket
import struct
import threading

PERIOD_SECONDS = 0.02
SESSION_MS = 30_000
GET_DATA = 4


class Nudge:
    """A session with each server and a thread for all of them, until `stop`."""

    def __init__(self, ports: list[int]) -> None:
        self.connections = [self.connect(port) for port in ports]
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def connect(port: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Version, last transaction seen, timeout, no session yet, an empty password of 16 bytes, not read only.
        connection.sendall(Nudge.frame(struct.pack(">iqiqi16s?", 0, 0, SESSION_MS, 0, 16, b"", False)))
        return connection

    @staticmethod
    def frame(body: bytes) -> bytes:
        return struct.pack(">i", len(body)) + body

    def run(self) -> None:
        request = self.frame(struct.pack(">iii1s?", 1, GET_DATA, 1, b"/", False))
        while not self.stopping.wait(PERIOD_SECONDS):
            for connection in self.connections:
                try:
                    connection.sendall(request)
                    connection.recv(65536)  # Whatever has come, if only the answer to the last request.
                except OSError:
                    pass  # The server has gone, which others will notice.

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(30)
        for connection in self.connections:
            connection.close()
