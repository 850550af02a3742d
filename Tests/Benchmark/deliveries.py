"""The delivery of webhooks: how many a second, what waiting ones cost, and how soon they are out after an outage.

Used by benchmark.py; as a program (Tests/Tools/outage.sh) it holds one outage of minutes.
"""

import argparse
import os
import shutil
import signal
import socket
import sqlite3
import sys
import threading
import time

import client
import payload
import servers

# Concurrent attempts to one destination, in CourierLimits.
PER_DESTINATION = 16
# Seconds after a start in which a server settles, before its processor time counts.
SETTLING = 2


class Silent:
    """Takes connections on all of 127.0.0.0/8 and says nothing on them."""

    def __enter__(self):
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        try:
            while True:
                self.connections.append(self.listener.accept()[0])
        except OSError:
            pass

    def __exit__(self, *_):
        # Closing alone would not wake the thread.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()


class Backlog:
    """The folder of a stopped server in whose queue so many webhooks wait or more, of jobs of one user that came over HTTP.

    Nobody listens on `port`, where they are to go.
    """

    def __init__(self, machine, count):
        self.machine, self.port = machine, servers.free_port()
        self.folder = machine.folder("backlog")
        template = os.path.join(machine.scratch, "template")
        with open(template, "wb") as file:
            file.write(payload.template())
        with self.server(self.folder) as server:
            accepted = rounds = 0
            while accepted < count:
                rounds += 1
                accepted += servers.wrk(server.port, template, f"{rounds}-", 64, 2)[0]
            deadline = time.monotonic() + 120
            while (status := server.status())["pendingUsers"]:
                if time.monotonic() > deadline:
                    raise client.Failure("the jobs do not end")
                time.sleep(0.1)
            self.count = status["webhooks"]["pending"]
        if self.count < count:
            raise client.Failure(f"{self.count:,} webhooks wait instead of {count:,}")

    def server(self, folder, sends=True):
        return servers.Usersync(self.machine, "usersync", self.port if sends else 0, folder=folder)

    def copy(self):
        folder = self.machine.folder("backlog-copy")
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        self.machine.settle()
        return folder

    def body(self):
        """A file with the body of one of the webhooks."""
        database = sqlite3.connect(os.path.join(self.folder, "queue.sqlite"))
        path = os.path.join(self.machine.scratch, "hook")
        with open(path, "wb") as file:
            file.write(database.execute("SELECT body FROM delivery_bodies LIMIT 1").fetchone()[0])
        database.close()
        return path

    @staticmethod
    def scatter(folder, destinations, port):
        """Changes the rows of a stopped server: what waits is to go to so many addresses on loopback.

        The rows stay of the configured address, and are sent to their own by a server that has none configured. (A callback's
        address must be public.)
        """
        database = sqlite3.connect(os.path.join(folder, "queue.sqlite"))
        origin = f"'http://127.1.' || (seq % {destinations} / 250) || '.' || (seq % {destinations} % 250 + 1) || ':{port}'"
        with database:
            database.execute(f"UPDATE deliveries SET destination = {origin}, url = {origin} || '/hook' WHERE state = 0")
        database.close()


def usage(server, seconds):
    """Of a server that has just started: the share of a core that it takes for so long, in per cent, and its peak memory."""
    time.sleep(SETTLING)
    start, before = time.perf_counter(), server.processor_seconds()
    time.sleep(seconds)
    used = server.processor_seconds() - before
    return used / (time.perf_counter() - start) * 100, server.peak_megabytes()


def drain(server, patience):
    """Waits until nothing is pending; yields the time and how many were, again and again."""
    deadline = time.monotonic() + patience
    while True:
        pending = server.status()["webhooks"]["pending"]
        yield time.perf_counter(), pending
        if not pending:
            return
        if time.monotonic() > deadline:
            raise client.Failure(f"{pending:,} webhooks wait still")
        time.sleep(0.05)


def expect_all_delivered(server, count):
    webhooks = server.status()["webhooks"]
    if webhooks["dead"] or server.attempts().get("delivered", 0) < count:
        raise client.Failure(f"{server.attempts()} of {count:,} webhooks, {webhooks['dead']} dead")


def speed(backlog):
    """Deliveries a second to a receiver that answers at once; the last hundredth, in which some wait for a retry, is left out."""
    with servers.Acknowledge(backlog.machine, "hooks", syncing=False, port=backlog.port):
        with backlog.server(backlog.copy()) as server:
            first = None
            for now, pending in drain(server, 300):
                if pending >= backlog.count or first is None:
                    first = now, pending
                if pending <= backlog.count / 100:
                    return (first[1] - pending) / (now - first[0])


def limit(backlog, seconds):
    """The same bodies a second, posted by wrk to the same receiver over as many connections."""
    with servers.Acknowledge(backlog.machine, "hooks", syncing=False) as receiver:
        requests, taken, _, _ = servers.wrk_post(receiver.port, backlog.body(), PER_DESTINATION, seconds)
        return requests / taken


def outage(backlog, seconds):
    """A receiver that is down for so long and comes back; what that costs, as a dictionary."""
    with backlog.server(backlog.copy()) as server:
        commits = server.commits()
        share, memory = usage(server, seconds)
        figures = {"down_share": share, "down_memory": memory, "requests": sum(server.attempts().values())}
        figures["commits"] = server.commits() - commits
        with servers.Acknowledge(backlog.machine, "hooks", syncing=False, port=backlog.port):
            back, before = time.perf_counter(), server.processor_seconds()
            first = None
            for now, pending in drain(server, 900):
                if first is None and pending < backlog.count:
                    first = now - back
            figures["first"], figures["drain"] = first, time.perf_counter() - back
            expect_all_delivered(server, backlog.count)
            figures["drain_processor"] = server.processor_seconds() - before
            figures["drain_memory"] = server.peak_megabytes()
            figures["drain_commits"] = server.commits() - commits - figures["commits"]
            figures["vain"] = sum(server.attempts().values()) - backlog.count
        return figures


def silence(backlog, destinations, seconds):
    """The same webhooks, waiting for so many receivers that take connections and say nothing: share of a core and memory."""
    folder = backlog.copy()
    with Silent() as silent:
        backlog.scatter(folder, destinations, silent.port)
        with backlog.server(folder, sends=False) as server:
            figures = usage(server, seconds)
            if not silent.connections:
                raise client.Failure("nothing was sent to the silent receivers")
            return figures


def main():
    parser = argparse.ArgumentParser(prog="Tests/Tools/outage.sh", description="Holds an outage of the receiver of webhooks.")
    parser.add_argument("--minutes", type=float, default=10, help="how long the receiver is down (10)")
    parser.add_argument("--waiting", type=int, default=60_000, help="how many webhooks wait for it, at least (60000)")
    parser.add_argument("--usersync", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    machine = servers.Machine(options.work, options.usersync, node=None)
    try:
        backlog = Backlog(machine, options.waiting)
        print(f"{backlog.count:,} webhooks wait; the receiver is down for {options.minutes:g} minutes", flush=True)
        found = outage(backlog, options.minutes * 60)
    except client.Failure as failure:
        sys.exit(f"WRONG: {failure}")
    finally:
        shutil.rmtree(machine.scratch, ignore_errors=True)
    print(
        f"Down:    {found['down_share']:.2f} % of a core, {found['down_memory']:.0f} MB at most, {found['requests']:.0f} requests tried,"
        f" {found['commits']} commits of the queue\n"
        f"Back:    the first delivered after {found['first']:.1f} s, all after {found['drain']:.1f} s,"
        f" {found['vain']} requests in vain, {found['drain_commits']} commits,"
        f" {found['drain_processor']:.1f} s of processor, {found['drain_memory']:.0f} MB at most"
    )


if __name__ == "__main__":
    main()
