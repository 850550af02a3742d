"""Measures usersync beside the integration guide's Express handler, as printed and tuned, and beside raw limits, in one run.

Every figure comes from a server on a fresh database; the subjects take turns; the users in the table are counted after each load.
Started by Tests/Tools/benchmark.sh.
"""

import argparse
import datetime
import functools
import json
import os
import platform
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import client
import deliveries
import payload
import report
import servers

WARM_UP = 20
# Seconds after the warm-up, in which usersync forgets that others than the bulk were about.
QUIET = 3
PATIENCE = 900
# Seconds after which a size is not measured again for a subject that takes so long.
ENOUGH = 480


class WrongCount(Exception):
    """The table does not hold what was acknowledged."""


class Benchmark:
    def __init__(self, machine, quick, million, runs):
        self.machine, self.million, self.runs = machine, million, runs
        self.small, self.middle, self.large, self.beside = (
            (200, 1_000, 5_000, 15_000) if quick else (1_000, 10_000, 100_000, 300_000)
        )
        self.load_seconds, self.singles = (1, 50) if quick else (4, 300)
        self.webhooks, self.silent, self.outage_seconds = (2_000, 200, 3) if quick else (100_000, 2_000, 60)
        self.receiver = client.Receiver()
        self.samples, self.problems = {}, {}

    # Noting figures

    def note(self, row, subject, value):
        self.samples.setdefault(row, {}).setdefault(subject, []).append(value)

    def attempt(self, what, subject, rows, work):
        """Does one measurement; one that fails leaves its rows without a figure, wrong counts end the run."""
        print(f"  {what}: {report.NAMES[subject]}", flush=True)
        try:
            work(subject)
        except (client.Failure, OSError, subprocess.TimeoutExpired, sqlite3.Error) as error:
            print(f"  NOT MEASURED: {error}", flush=True)
            for row in rows:
                self.problems.setdefault(row, {})[subject] = str(error)

    # Servers

    @contextmanager
    def server(self, subject, webhook_port=None):
        if subject == "usersync":
            process = servers.Usersync(self.machine, subject, self.receiver.port if webhook_port is None else webhook_port)
        elif subject == "limit":
            process = servers.Acknowledge(self.machine, subject)
        else:
            process = servers.Express(self.machine, subject)
        try:
            with process:
                yield process
        finally:
            shutil.rmtree(process.folder, ignore_errors=True)
            self.machine.settle()

    def client(self, subject, server):
        return client.Client(server.port, self.receiver if subject == "usersync" else None)

    @contextmanager
    def warm(self, subject):
        """A server that has seen a few users a moment ago, and its client."""
        with self.server(subject) as server:
            caller = self.client(subject, server)
            for number in range(WARM_UP):
                caller.sync(payload.body("warm", 1, first=number), "warm", 1)
            time.sleep(QUIET)
            yield server, caller

    @functools.lru_cache(maxsize=4)
    def body(self, count, revision=0):
        return payload.body("bulk", count, revision)

    @staticmethod
    def expect(found, wanted):
        if found != wanted:
            raise WrongCount(f"the table holds {found:,} users instead of {wanted:,}")

    # Measurements

    def bulk(self, count, known, subject):
        body, later = self.body(count), self.body(count, 1) if known else None
        with self.warm(subject) as (server, caller):
            acknowledged, end = caller.sync(body, "bulk", count, PATIENCE)
            self.expect(server.stored(), count + WARM_UP)
            self.note(f"new_{count}", subject, count / end)
            self.note(f"memory_{count}", subject, server.peak_megabytes())
            self.note(f"acknowledge_{count}", subject, acknowledged * 1e3)
            if known:
                _, end = caller.sync(later, "bulk", count, PATIENCE)
                self.expect(server.stored(), count + WARM_UP)
                self.expect(server.stored(revision=1), count)
                self.note(f"known_{count}", subject, count / end)

    def bulk_limit(self, count, known, subject):
        files = [os.path.join(self.machine.scratch, f"users-{revision}") for revision in range(2 if known else 1)]
        for revision, path in enumerate(files):
            if not os.path.exists(path):
                payload.write_lines(path, "bulk", count, revision)
                self.machine.settle()
        for row, seconds in zip(("new", "known"), servers.upsert(self.machine, files, min(count, 10_000))):
            self.note(f"{row}_{count}", subject, count / seconds)
        self.machine.settle()

    def body_limit(self, count, subject):
        body = self.body(count)
        with self.server(subject) as server:
            connection = client.Connection(server.port)
            start = time.perf_counter()
            connection.post(body, "bulk")
            self.note(f"acknowledge_{count}", subject, (time.perf_counter() - start) * 1e3)
            connection.close()

    def measure_bulks(self, count, runs, known=False, subjects=("usersync", "tuned", "printed"), body_limit=False):
        rows = [f"{row}_{count}" for row in ("new", "known", "memory", "acknowledge")]
        spent = dict.fromkeys(subjects, 0)
        for run in range(runs):
            what = f"{count:,} users, run {run + 1} of {runs}"
            for subject in subjects:
                if spent[subject] < ENOUGH:
                    start = time.monotonic()
                    self.attempt(what, subject, rows, functools.partial(self.bulk, count, known))
                    spent[subject] += time.monotonic() - start
            self.attempt(what, "limit", rows[:2], functools.partial(self.bulk_limit, count, known))
            if body_limit:
                self.attempt(f"a body of {what}", "limit", rows[3:], functools.partial(self.body_limit, count))
        for revision in range(2):
            path = os.path.join(self.machine.scratch, f"users-{revision}")
            if os.path.exists(path):
                os.unlink(path)

    def single_load(self, subject):
        """Acknowledgements to 1 and to 64 clients; usersync's with webhooks too, to a receiver that costs little."""
        self.acknowledgements(subject, 0, "")
        if subject == "usersync":
            with servers.Acknowledge(self.machine, "webhooks", syncing=False) as hooks:
                self.acknowledgements(subject, hooks.port, "_webhooks")

    def acknowledgements(self, subject, webhook_port, row):
        template = os.path.join(self.machine.scratch, "template")
        with open(template, "wb") as file:
            file.write(payload.template())
        with self.server(subject, webhook_port) as server:
            if subject != "limit":
                servers.wrk(server.port, template, "w", 1, 1)
                self.await_users(server, 0, 1 << 30)
            for clients, word in ((1, "a"), (64, "b")):
                before = 0 if subject == "limit" else server.stored()
                requests, seconds, p50, p99 = servers.wrk(server.port, template, word, clients, self.load_seconds)
                if subject != "limit":
                    # wrk leaves off with a request of each client under way.
                    self.await_users(server, before + requests, before + requests + clients)
                self.note(f"acknowledgements_{clients}{row}", subject, requests / seconds)
                self.note(f"acknowledged_p50_{clients}{row}", subject, p50)
                self.note(f"acknowledged_p99_{clients}{row}", subject, p99)

    def await_users(self, server, least, most):
        """Waits until the users stay as they are, and checks how many they are."""
        deadline, last = time.monotonic() + 120, -1
        while (found := server.stored()) != last or found < least:
            if time.monotonic() > deadline:
                break
            last = found
            time.sleep(0.5)
        if not least <= found <= most:
            raise WrongCount(f"the table holds {found:,} users instead of {least:,} to {most:,}")

    def single_to_end(self, subject):
        with self.warm(subject) as (server, caller):
            times = [
                caller.sync(payload.body(f"single-{number % 10}", 1, first=number), f"single-{number % 10}", 1)
                for number in range(self.singles)
            ]
            self.expect(server.stored(), self.singles + WARM_UP)
            self.note("lone_acknowledged_p50", subject, statistics.median(time[0] for time in times) * 1e3)
            self.note("single_p50", subject, statistics.median(time[1] for time in times) * 1e3)

    def bulk_beside_singles(self, subject):
        """A bulk of one tenant alone, then on another server beside single users of ten other tenants."""
        body = self.body(self.beside)
        # As printed it takes minutes: the single users are timed for half a minute of it.
        whole = subject != "printed"
        if whole:
            with self.warm(subject) as (server, caller):
                alone = caller.sync(body, "bulk", self.beside, PATIENCE)[1]
                self.expect(server.stored(), self.beside + WARM_UP)
        singles = [(payload.body(f"single-{number % 10}", 1, first=number), f"single-{number % 10}") for number in range(3000)]
        with self.warm(subject) as (server, caller):
            outcome = []

            def submit():
                try:
                    outcome.append(caller.sync(body, "bulk", self.beside, PATIENCE)[1])
                except Exception as error:
                    outcome.append(error)

            bulk = threading.Thread(target=submit, daemon=True)
            bulk.start()
            deadline = time.monotonic() + (PATIENCE if whole else 30)
            ends = caller.sync_steadily(singles, 20, lambda: bool(outcome) or time.monotonic() > deadline)
            self.samples.setdefault("beside", {}).setdefault(subject, []).extend(end * 1e3 for end in ends)
            if not whole:
                return
            bulk.join()
            if isinstance(outcome[0], Exception):
                raise outcome[0]
            self.expect(server.stored(), self.beside + WARM_UP + len(ends))
            self.note("slowdown", subject, (outcome[0] / alone - 1) * 100)

    def waiting_jobs(self, count, subject):
        """The status with 1,000 waiting jobs and with so many, and a start with them. They wait for the CRM's database, which
        another process has locked."""
        template = os.path.join(self.machine.scratch, "template")
        with open(template, "wb") as file:
            file.write(payload.template())
        with self.server(subject) as server:
            lock = sqlite3.connect(server.database, isolation_level=None, timeout=30)
            lock.execute("BEGIN IMMEDIATE")
            accepted, round = 0, 0
            for jobs, seconds, row in ((1_000, 1, "waiting_status_few"), (count, 10, "waiting_status")):
                while accepted < jobs:
                    round += 1
                    accepted += servers.wrk(server.port, template, f"r{round}-", 64, seconds)[0]
                times = [server.get("/api/internal/sync/status") for _ in range(20)]
                self.note(row, subject, statistics.median(times) * 1e3)
            self.note("memory_waiting", subject, server.peak_megabytes())
            server.__exit__()
            # A lock at the start would be waited for.
            lock.close()
            start = time.perf_counter()
            with servers.Usersync(self.machine, subject, self.receiver.port, folder=server.folder) as again:
                again.get("/readyz")
                self.note("waiting_start", subject, (time.perf_counter() - start) * 1e3)

    def measure_deliveries(self):
        """Webhooks that wait: delivered, through an outage, and for receivers that say nothing; each on a copy of one folder."""
        try:
            backlog = deliveries.Backlog(self.machine, self.webhooks)
        except (client.Failure, OSError, subprocess.TimeoutExpired, sqlite3.Error) as error:
            print(f"  NOT MEASURED: {error}", flush=True)
            return
        seconds, silent = self.outage_seconds, f"{self.silent:,} silent receivers"
        for what, subject, rows, figures in (
            ("delivered", "usersync", ["deliveries"], lambda: [deliveries.speed(backlog)]),
            ("posted", "limit", ["deliveries"], lambda: [deliveries.limit(backlog, self.load_seconds)]),
            ("through an outage", "usersync", self.OUTAGE, lambda: map(deliveries.outage(backlog, seconds).get, self.OUTAGE)),
            ("for " + silent, "usersync", self.SILENCE, lambda: deliveries.silence(backlog, self.silent, seconds)),
        ):

            def measure(subject):
                for row, figure in zip(rows, figures()):
                    self.note(row, subject, figure)
                self.machine.settle()

            self.attempt(f"{backlog.count:,} webhooks {what}", subject, rows, measure)

    # Rows of figures that are measured together.
    OUTAGE = ["down_share", "down_memory", "drain", "vain"]
    SILENCE = ["silent_share", "silent_memory"]

    def measure(self):
        everyone = ("usersync", "tuned", "printed")
        self.measure_bulks(self.small, self.runs + 2)
        self.measure_bulks(self.middle, self.runs)
        self.measure_bulks(self.large, self.runs, known=True, body_limit=True)
        rows = [f"{row}_{clients}" for row in ("acknowledgements", "acknowledged_p50", "acknowledged_p99") for clients in (1, 64)]
        rows.append("acknowledgements_64_webhooks")
        for run in range(self.runs):
            for subject in everyone + ("limit",):
                self.attempt(f"single users by 1 and 64 clients, run {run + 1} of {self.runs}", subject, rows, self.single_load)
            for subject in everyone:
                self.attempt(
                    f"single users to the end, run {run + 1} of {self.runs}", subject, ["single_p50"], self.single_to_end
                )
        for run in range(self.runs):
            for subject in everyone[:2] if run else everyone:
                self.attempt(
                    f"single users beside {self.beside:,}, run {run + 1} of {self.runs}",
                    subject,
                    ["beside", "slowdown"],
                    self.bulk_beside_singles,
                )
        self.body.cache_clear()
        self.measure_deliveries()
        if self.million:
            self.measure_bulks(1_000_000, 1, subjects=everyone[:2])
            rows = ["waiting_status_few", "waiting_status", "memory_waiting", "waiting_start"]
            self.attempt("1,000,000 waiting jobs", "usersync", rows, functools.partial(self.waiting_jobs, 1_000_000))

    # Report

    def rows(self):
        large, megabytes, webhooks = f"{self.large:,}", len(self.body(self.large)) / 1e6, f"{self.webhooks:,}"
        row = functools.partial(report.Row, self.samples, self.problems)
        # Why a figure is not there, where that is known beforehand.
        minutes = {"printed": "takes minutes"}
        million = minutes if self.million else dict.fromkeys(("usersync", "tuned", "printed"), "only with --million")
        silent = dict.fromkeys(("tuned", "printed"), "sends none")
        waiting = {} if self.million else {"usersync": "only with --million"}
        return [
            row(f"new_{self.small}", f"{self.small:,} new users", "users/s"),
            row(f"new_{self.middle}", f"{self.middle:,} new users", "users/s"),
            row(f"new_{self.large}", f"{large} new users", "users/s"),
            row(f"known_{self.large}", f"{large} known users", "users/s"),
            row("new_1000000", "1,000,000 new users", "users/s", reasons=million),
            row("acknowledgements_64", "Single users acknowledged to 64 clients", "users/s"),
            row("acknowledgements_64_webhooks", "The same, a webhook for each", "users/s", reasons=silent),
            row(f"acknowledge_{self.large}", f"Acknowledging a body of {large} users ({megabytes:.0f} MB)", "ms"),
            row("acknowledged_p50_1", "Acknowledging a single user, 1 client, p50", "ms"),
            row("acknowledged_p99_1", "Acknowledging a single user, 1 client, p99", "ms"),
            row("single_p50", "A single user from submission to webhook, p50", "ms"),
            row("beside", f"The same beside another tenant's {self.beside:,} users, p99", "ms", percentile=99),
            row("slowdown", f"How much longer those {self.beside:,} take than alone", "%", reasons=minutes),
            row(f"memory_{self.large}", f"Peak memory (VmHWM), {large} users", "MB"),
            row("memory_1000000", "Peak memory (VmHWM), 1,000,000 users", "MB", reasons=million),
            row("deliveries", f"{webhooks} webhooks waiting, delivered to one receiver", "webhooks/s"),
            row("drain", "The same, all delivered once the receiver is back", "s"),
            row("vain", "Requests in vain for those, the outage's included", "requests"),
            row("down_share", f"Processor, {webhooks} webhooks waiting for a receiver that is down", "% of a core"),
            row("down_memory", "The same, peak memory (VmHWM)", "MB"),
            row("silent_share", f"Processor, {webhooks} webhooks waiting for {self.silent:,} silent receivers", "% of a core"),
            row("silent_memory", "The same, peak memory (VmHWM)", "MB"),
            row("waiting_status_few", "The status, with 1,000 jobs or more waiting, p50", "ms", reasons=waiting),
            row("waiting_status", "The status, with 1,000,000 jobs waiting, p50", "ms", reasons=waiting),
            row("waiting_start", "From start to ready, with 1,000,000 jobs waiting", "ms", reasons=waiting),
            row("memory_waiting", "Peak memory (VmHWM), with 1,000,000 jobs waiting", "MB", reasons=waiting),
        ]

    def conditions(self):
        machine = self.machine
        versions = subprocess.run(
            [machine.node, "-p", "process.version + ', SQLite ' + process.versions.sqlite"], capture_output=True, text=True
        ).stdout.strip()
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        kind = subprocess.run(["df", "--output=fstype", machine.work], capture_output=True, text=True).stdout.split()[-1]
        fewer = [
            f"{row.label} as printed {len(row.values('printed'))}"
            for row in self.rows()
            if row.unit == "users/s" and 0 < len(row.values("printed")) < self.runs
        ]
        return [
            f"{datetime.date.today()}; {os.cpu_count()} cores ({model}), {memory:.0f} GiB,"
            f" Linux {platform.release().split('-')[0]}; {kind}, of which a sync of 4 KiB takes {machine.sync_ms:.2f} ms.",
            "All on this machine: the server, the client, the receiver of webhooks. Every subject writes to the same disk with"
            " SQLite's synchronous=FULL in WAL mode, on a fresh database each time; the users in"
            " the table are counted after each load.",
            f"A user is {len(self.body(self.large)) / self.large:.0f} bytes of JSON in the guide's format; emails come in random"
            " order; a known user changes its name, roles and permissions. Batches are of 100 users.",
            f"Medians of so many runs: {self.runs} ({self.small:,} users: {self.runs + 2}"
            + ("; 1,000,000: 1" if self.million else "")
            + "; webhooks: 1"
            + "".join(f"; {each}" for each in fewer)
            + "), the subjects taking turns."
            f" Beside the {self.beside:,} users, 20 single users a second of ten other tenants, whatever they take; p99 of all"
            " runs' (as printed: of half a minute).",
            f"Acknowledging single users: a client sends the next once the last is acknowledged, for {self.load_seconds} s, while"
            " those before are applied; no webhook is asked for, as Express sends none, but where it says so.",
            f"Webhooks waiting: a few more, of jobs of one user, as 64 clients submit them for whole seconds. The receiver is in C and"
            f" only answers; it is down for {self.outage_seconds} s after the server's start, and all are delivered once it has"
            " been found to be back, and the rest has been retried. The silent receivers take connections and say nothing; they are"
            " addresses of loopback, written into the stopped queue's file. Express sends no webhooks: the ratio is to the limit"
            f" alone, wrk posting the same bodies to the same receiver over {deliveries.PER_DESTINATION} connections.",
            f"Express {express_version()} on Node {versions}; usersync and the limits on SQLite {sqlite3.sqlite_version}."
            " The end is the webhook for usersync and the answer for Express. Tuned: batches of"
            " 100 in a transaction, one upsert for each user, a cache of 64 MiB and a log of 750 MiB, which serve it best.",
            "Limits: a C program that does nothing but the upserts, sorted, 10,000 to a commit; an HTTP server in C that does nothing"
            " but write, fdatasync and answer.",
        ]


def express_version():
    for folder in os.environ.get("NODE_PATH", "").split(":"):
        path = os.path.join(folder, "express", "package.json")
        if os.path.exists(path):
            with open(path) as file:
                return json.load(file)["version"]
    return ""


def main():
    parser = argparse.ArgumentParser(prog="Tests/Tools/benchmark.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, two minutes; leaves the committed figures alone")
    parser.add_argument("--million", action="store_true", help="1,000,000 users too, some minutes more")
    parser.add_argument("--runs", type=int, help="how often each figure is measured (3; quick: 1)")
    parser.add_argument("--usersync", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--node", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--report", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    machine = servers.Machine(options.work, options.usersync, options.node)
    benchmark = Benchmark(machine, options.quick, options.million, options.runs or (1 if options.quick else 3))
    try:
        benchmark.measure()
    except WrongCount as error:
        sys.exit(f"WRONG: {error}")
    finally:
        shutil.rmtree(machine.scratch, ignore_errors=True)
    rows, conditions = benchmark.rows(), benchmark.conditions()
    with open(os.path.join(options.work, "results.json"), "w") as file:
        json.dump({"conditions": conditions, "samples": benchmark.samples, "problems": benchmark.problems}, file, indent=1)
    # A quick run's figures are of small loads: they do not take the place of those that the README shows.
    target = options.work if options.quick else options.report
    page, chart = os.path.join(target, "Benchmark.md"), os.path.join(target, "benchmark.svg")
    with open(page, "w") as file:
        file.write(report.markdown(rows, conditions))
    with open(chart, "w") as file:
        file.write(report.svg(rows, conditions))
    print(report.text(rows, conditions))
    print(f"\nWritten: {page}, {chart}, {os.path.join(options.work, 'results.json')}")


if __name__ == "__main__":
    main()
