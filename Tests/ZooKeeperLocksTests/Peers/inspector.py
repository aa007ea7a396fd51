"""Looks at the nodes of a server, and changes them, for a test: a request is a line of JSON, and so is its answer.

    inspector.py HOSTS

A request is an array: the name of a function below, and its arguments. The answer is {"value": …} or {"error": "NoNodeError"}.
Data are text in Latin-1, so that every byte is one character. The connection is made for the first request. When it has
broken, the next request gets a new one, with a new session.
"""

import json
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, KazooException, NoNodeError, SessionExpiredError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.protocol.serialization import Create2
from kazoo.security import OPEN_ACL_UNSAFE, make_digest_acl

PATIENCE = 10
READING = {"node", "children", "sync", "session"}


class CreateContainer(Create2):
    """What kazoo itself does not have."""

    type = 19


class Inspector:
    def __init__(self, hosts):
        self.hosts = hosts
        self.current = None

    def client(self):
        if self.current is not None and not self.current.connected:
            self.forget()
        if self.current is None:
            client = KazooClient(self.hosts, timeout=10)
            try:
                client.start(timeout=PATIENCE)
            except KazooTimeoutError:
                client.close()
                raise
            self.current = client
        return self.current

    def forget(self):
        client, self.current = self.current, None
        threading.Thread(target=client.stop, daemon=True).start()

    def sync(self):
        self.client().sync("/")

    def node(self, path):
        try:
            data, stat = self.client().get(path)
        except NoNodeError:
            return None
        return describe(path, data, stat)

    def children(self, path):
        """Those that are still there when it is their turn."""
        found = []
        try:
            names = self.client().get_children(path)
        except NoNodeError:
            return found
        for name in sorted(names):
            node = self.node(path.rstrip("/") + "/" + name)
            if node:
                found.append(node)
        return found

    def watch(self, path):
        self.client().get(path, watch=lambda event: None)

    def create(self, path, data, kind, parents):
        if "container" in kind:
            client = self.client()
            answer = client.handler.async_result()
            client._call(CreateContainer(path, data.encode("latin-1"), OPEN_ACL_UNSAFE, 4), answer)
            return answer.get()[0]
        flags = {"sequence": "sequential" in kind, "ephemeral": "ephemeral" in kind}
        return self.client().create(path, data.encode("latin-1"), makepath=parents, **flags)

    def set(self, path, data):
        self.client().set(path, data.encode("latin-1"))

    def delete(self, path, everything):
        self.client().delete(path, recursive=everything)

    def protect(self, path, user, password):
        """Nobody but this user may do anything with the node."""
        self.client().set_acls(path, [make_digest_acl(user, password, all=True)])

    def end(self, session, password):
        """Ends somebody else's session, as if it had expired."""
        other = KazooClient(self.hosts, timeout=10, client_id=(session, bytes.fromhex(password)))
        other.start(timeout=PATIENCE)
        same = other.client_id[0] == session
        other.stop()
        other.close()
        if not same:
            raise SessionExpiredError()

    def session(self):
        client = self.client()
        return client.client_id[0]


def describe(path, data, stat):
    node = dict(stat._asdict())
    node["path"] = path
    node["data"] = data.decode("latin-1")
    return node


def answer(inspector, name, arguments):
    function = getattr(inspector, name)
    try:
        try:
            return {"value": function(*arguments)}
        except (ConnectionLoss, SessionExpiredError):
            if name not in READING:
                raise
            inspector.forget()
            return {"value": function(*arguments)}
    except (KazooException, KazooTimeoutError) as error:
        return {"error": type(error).__name__}


def main():
    inspector = Inspector(sys.argv[1])
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(answer(inspector, name, arguments)), flush=True)


main()
