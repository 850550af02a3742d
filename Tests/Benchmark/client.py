"""The client: syncs over keep-alive connections, and a receiver of their webhooks. Sockets and threads: they cost little."""

import json
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

KEY = "benchmark-key-0123456789"
PATH = "/api/internal/sync/users"


class Failure(Exception):
    """A server answered wrongly or not at all: the figure is void."""


class Connection:
    """A keep-alive connection to a server; one request at a time."""

    def __init__(self, port, patience=60):
        self.socket = socket.create_connection(("127.0.0.1", port), patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Internal-API-Key: {KEY}\r\nX-Sync-Source: wrapper\r\n"

    def post(self, body, tenant):
        """Sends a sync; returns the body of the answer, which is to be 2xx."""
        head = (
            f"{self.head}Content-Type: application/json\r\nX-Tenant-ID: {tenant}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        if len(body) < 65536:
            self.socket.sendall(head + body)
        else:
            self.socket.sendall(head)
            self.socket.sendall(body)
        status, answer = read_message(self.socket)
        if not status:
            raise Failure("the connection was closed")
        if not status.startswith(b"HTTP/1.1 2"):
            raise Failure(f"{status.decode()}: {answer[:200]!r}")
        return answer

    def close(self):
        self.socket.close()


def read_message(connection):
    """Reads a request or an answer with Content-Length; returns its first line and its body. The line is empty at the end."""
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        if not (part := connection.recv(1 << 18)):
            return b"", b""
        data += part
    head = bytes(data[:end])
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if not length:
        raise Failure("a message without Content-Length")
    whole = end + 4 + int(length.group(1))
    while len(data) < whole:
        if not (part := connection.recv(1 << 18)):
            raise Failure("a message was cut off")
        data += part
    return head.split(b"\r\n", 1)[0], bytes(data[end + 4 : whole])


class Receiver:
    """Takes webhooks on loopback, and tells when each job's came."""

    def __init__(self):
        self.arrived = {}
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                while (message := read_message(connection))[0]:
                    now = time.perf_counter()
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    data = json.loads(message[1])["data"]
                    with self.changed:
                        self.arrived[data["jobId"]] = (now, data["metadata"]["successful"])
                        self.changed.notify_all()
            except OSError:
                pass

    def wait(self, job, patience):
        """When the job's webhook came, and how many of its users are in."""
        with self.changed:
            if not self.changed.wait_for(lambda: job in self.arrived, patience):
                raise Failure("no webhook came")
            return self.arrived.pop(job)


class Client:
    """Submits to one server and waits until the users are in: the webhook of usersync, the answer of the Express handlers."""

    def __init__(self, port, receiver=None):
        self.port, self.receiver = port, receiver
        self.local = threading.local()

    def sync(self, body, tenant, count, patience=60):
        """Returns the seconds to the acknowledgement, and to the users being in (and its caller told)."""
        # One that was left alone may be closed by now.
        if len(body) > 65536 or time.perf_counter() > getattr(self.local, "used", 0) + 2:
            self.local.connection = Connection(self.port, patience)
        start = time.perf_counter()
        answer = self.local.connection.post(body, tenant)
        acknowledged = end = self.local.used = time.perf_counter()
        if self.receiver:
            end, done = self.receiver.wait(json.loads(answer)["jobId"], patience)
        else:
            done = answer.count(b'"status":"created"') + answer.count(b'"status":"updated"')
        if done != count:
            raise Failure(f"{done} of {count} users are in")
        return acknowledged - start, end - start

    def sync_steadily(self, bodies, rate, until):
        """Submits (body, tenant) of single users at a fixed rate, whatever the answers take, until `until()` is true.

        Returns the seconds that each took to be in.
        """
        started, waiting = time.perf_counter(), []
        with ThreadPoolExecutor(64) as pool:
            for number, (body, tenant) in enumerate(bodies):
                time.sleep(max(0, started + number / rate - time.perf_counter()))
                if until():
                    break
                waiting.append(pool.submit(self.sync, body, tenant, 1))
            return [each.result()[1] for each in waiting]
