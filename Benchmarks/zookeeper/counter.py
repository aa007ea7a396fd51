# SPDX-License-Identifier: Apache-2.0
"""Counts the requests of ZooKeeper clients on their way to the server, and the watch events on the way back."""

import asyncio
import collections
import threading
from typing import Callable

# Of org.apache.zookeeper.ZooDefs.OpCode. Pings, closing and what only sets a session up are left out.
NAMES = {
    1: "create",
    2: "delete",
    3: "exists",
    4: "getData",
    5: "setData",
    8: "getChildren",
    9: "sync",
    12: "getChildren2",
    13: "check",
    14: "multi",
    15: "create2",
    18: "removeWatches",
    19: "createContainer",
    21: "createTTL",
    22: "multiRead",
    101: "setWatches",
    105: "setWatches2",
}
EVENT_XID = -1


class Frames:
    """Splits a stream into the frames of ZooKeeper, each a length of four bytes and as many bytes."""

    def __init__(self, count: Callable[[bytes], None]) -> None:
        self.bytes = bytearray()
        self.count = count

    def add(self, part: bytes) -> None:
        self.bytes += part
        start = 0
        while len(self.bytes) >= start + 4:
            end = start + 4 + int.from_bytes(self.bytes[start : start + 4], "big")
            if len(self.bytes) < end:
                break
            self.count(bytes(self.bytes[start + 4 : min(end, start + 12)]))
            start = end
        del self.bytes[:start]


class Counter:
    """A port for each server, which passes everything on; in a thread of its own."""

    def __init__(self, servers: list[int]) -> None:
        self.servers = servers
        self.ports: list[int] = []
        self.calls: collections.Counter[str] = collections.Counter()
        self.ready, self.stopping = threading.Event(), asyncio.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=lambda: self.loop.run_until_complete(self.run()), daemon=True)
        self.thread.start()
        self.ready.wait()

    async def run(self) -> None:
        listening = []
        sessions: set[asyncio.Task[None]] = set()
        for port in self.servers:

            def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int = port) -> None:
                task = asyncio.ensure_future(self.serve(reader, writer, port))
                sessions.add(task)
                task.add_done_callback(sessions.discard)

            listening.append(await asyncio.start_server(accept, "127.0.0.1", 0))
            self.ports.append(listening[-1].sockets[0].getsockname()[1])
        self.ready.set()
        await self.stopping.wait()
        for server in listening:
            server.close()
        for task in sessions:
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self.pump(reader, forth, Frames(self.count_request)),
            self.pump(back, writer, Frames(self.count_event)),
        )

    @staticmethod
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frames: Frames) -> None:
        try:
            while part := await reader.read(65536):
                frames.add(part)
                writer.write(part)
        except OSError:
            pass  # Whoever has gone, the other end is closed as well.
        finally:
            writer.close()

    def count_request(self, head: bytes) -> None:
        # The first frame of a session has a protocol version of 0 and the upper half of a zxid where others have these.
        name = NAMES.get(int.from_bytes(head[4:8], "big", signed=True))
        if name is not None:
            self.calls[name] += 1

    def count_event(self, head: bytes) -> None:
        if int.from_bytes(head[:4], "big", signed=True) == EVENT_XID:
            self.calls["event"] += 1

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)
        self.loop.close()
