"""The processes that are measured. Each is started on a fresh folder, and ended by its id."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import time
import urllib.request

import client

HERE = os.path.dirname(os.path.abspath(__file__))


class Machine:
    """Where things are, and the state of the disk before each figure."""

    def __init__(self, work, usersync, node):
        self.work, self.usersync, self.node = work, os.path.abspath(usersync), node
        self.scratch = os.path.join(work, "scratch")
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.makedirs(self.scratch)
        self.sync_ms = None
        self.settle()

    def settle(self):
        """Waits, for 20 seconds at most, until a sync of the disk takes no longer than it has taken before."""
        os.sync()
        deadline = time.monotonic() + 20
        path = os.path.join(self.scratch, "probe")
        with open(path, "wb", buffering=0) as file:
            while True:
                times = []
                for _ in range(50):
                    start = time.perf_counter()
                    file.write(bytes(4096))
                    os.fdatasync(file.fileno())
                    times.append((time.perf_counter() - start) * 1e3)
                median = statistics.median(times)
                if self.sync_ms is None or median < 1.5 * self.sync_ms or time.monotonic() > deadline:
                    self.sync_ms = min(median, self.sync_ms or median)
                    return
                time.sleep(0.5)

    def folder(self, name):
        path = os.path.join(self.scratch, name)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Process:
    """A server on a port of its own; use it in a `with`."""

    def __init__(self, folder, command, environment=None, port=None):
        self.folder, self.port = folder, port or free_port()
        self.log = open(os.path.join(folder, "log"), "w+b")
        self.process = subprocess.Popen(
            [part.format(port=self.port) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": folder,
                "INTERNAL_API_KEY": client.KEY,
                "PORT": str(self.port),
                "NODE_PATH": os.environ.get("NODE_PATH", ""),
                **(environment or {}),
            },
        )

    def __enter__(self):
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    socket.create_connection(("127.0.0.1", self.port), 1).close()
                    return self
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > deadline:
                        self.log.seek(0)
                        raise client.Failure(f"does not start: {self.log.read()[-500:].decode(errors='replace')}")
                    time.sleep(0.05)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def peak_megabytes(self):
        """The most memory the process has had (VmHWM)."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024 / 1e6

    def processor_seconds(self):
        """What its threads have taken of the processors so far."""
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stored(self, revision=0):
        """How many users stand in the table, as of the revision that their names end with."""
        database = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)
        try:
            name = f"% {revision}" if revision else "%"
            return database.execute("SELECT count(*) FROM users WHERE name LIKE ?", (name,)).fetchone()[0]
        finally:
            database.close()


class Usersync(Process):
    """Sends webhooks where a port for them is given."""

    def __init__(self, machine, name, webhook_port, folder=None):
        folder = folder or machine.folder(name)
        self.database = os.path.join(folder, "crm.sqlite")
        super().__init__(
            folder,
            [machine.usersync, "serve"],
            {
                "HOST": "127.0.0.1",
                "DATA_DIR": folder,
                "RATE_LIMIT_MAX": "0",
                "LOG_LEVEL": "warning",
                **({"WRAPPER_WEBHOOK_URL": f"http://127.0.0.1:{webhook_port}/hook"} if webhook_port else {}),
            },
        )

    def read(self, path):
        """The body of the answer to a GET, which is to be 200."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"X-Internal-API-Key": client.KEY})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()

    def status(self):
        return json.loads(self.read("/api/internal/sync/status"))

    def attempts(self):
        """How many attempts to deliver a webhook had which result, since the start."""
        metrics = self.read("/metrics").decode()
        return {
            result: int(float(count))
            for result, count in re.findall(r'^usersync_webhook_attempts_total\{result="(\w+)"\} (\S+)', metrics, re.M)
        }

    def commits(self):
        """How many transactions the queue's file has had, while it is open: iChange of the log's index in shared memory."""
        with open(os.path.join(self.folder, "queue.sqlite-shm"), "rb") as file:
            return struct.unpack("=8xI", file.read(12))[0]

    def get(self, path):
        """Asks for a path until it answers 200; the seconds since the first try."""
        start = time.perf_counter()
        while True:
            try:
                self.read(path)
                return time.perf_counter() - start
            except OSError:
                if time.perf_counter() - start > 30:
                    raise
                time.sleep(0.01)


class Express(Process):
    def __init__(self, machine, variant):
        folder = machine.folder(variant)
        self.database = os.path.join(folder, "crm.sqlite")
        # The memory that a million users take it.
        super().__init__(
            folder,
            [machine.node, "--max-old-space-size=12000", os.path.join(HERE, "express.cjs"), variant, "{port}", self.database],
            {"NODE_ENV": "production"},
        )


class Acknowledge(Process):
    """limits/acknowledge.c; with `syncing` false it is a receiver of webhooks."""

    def __init__(self, machine, name, syncing=True, port=None):
        folder = machine.folder(name)
        file = [os.path.join(folder, "bodies")] if syncing else []
        super().__init__(folder, [os.path.join(machine.work, "acknowledge"), "{port}"] + file, port=port)


def upsert(machine, files, per_commit):
    """Runs limits/upsert.c on a fresh database; the seconds that each file took."""
    database = os.path.join(machine.folder("upsert"), "crm.sqlite")
    output = subprocess.run(
        [os.path.join(machine.work, "upsert"), database, str(per_commit)] + files, capture_output=True, text=True, timeout=600
    )
    if output.returncode:
        raise client.Failure(output.stderr)
    return [float(line) for line in output.stdout.split()]


def wrk(port, template, word, clients, seconds):
    """Loads a server with syncs of single users by so many clients; returns the count of answers, seconds, p50 and p99 in ms."""
    return run_wrk(port, "single.lua", [word, template], clients, seconds)


def wrk_post(port, body, clients, seconds):
    """Posts the same body, of a file, again and again; returns what `wrk` does."""
    return run_wrk(port, "hook.lua", [body], clients, seconds)


def run_wrk(port, script, arguments, clients, seconds):
    output = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{clients}",
            f"-d{seconds}s",
            "--timeout",
            "30s",
            "-s",
            os.path.join(HERE, script),
            f"http://127.0.0.1:{port}{client.PATH}",
            "--",
            *arguments,
        ],
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        env={**os.environ, "INTERNAL_API_KEY": client.KEY},
    )
    figures = re.search(r"^figures (\d+) (\d+) (\d+) (\d+) (\d+)$", output.stdout, re.M)
    if not figures:
        raise client.Failure(f"wrk: {output.stdout}{output.stderr}")
    requests, microseconds, errors, p50, p99 = map(int, figures.groups())
    if errors or not requests:
        raise client.Failure(f"{errors} of {requests} requests failed")
    return requests, microseconds / 1e6, p50 / 1e3, p99 / 1e3
