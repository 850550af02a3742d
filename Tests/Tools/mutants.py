"""The work of mutants.sh: reads mutants.list, makes one fault after the other in a copy, builds, runs the suites."""

import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRATCH = ROOT / ".build-mutants"
COPY = SCRATCH / "source"
LIST = ROOT / "Tests/Tools/mutants.list"


class Mutant:
    """A fault: where, the code as it is, the code with the fault, and the tests that must see it."""

    def __init__(self, text):
        head, _, rest = text.partition("\n---\n")
        self.old, _, self.new = rest.partition("\n+++\n")
        lines = head.splitlines()
        self.name = lines[0].strip()
        fields = dict(line.split(": ", 1) for line in lines[1:])
        self.file = fields["file"]
        self.tests = fields["tests"].split()
        self.new = self.new.rstrip("\n")
        self.old = self.old.rstrip("\n")

    def problem(self, root):
        path = root / self.file
        if not path.is_file():
            return f"{self.file} is not there"
        count = path.read_text().count(self.old)
        return None if count == 1 else f"its text stands {count} times in {self.file}"


def mutants():
    text = re.sub(r"(?m)^#.*\n", "", LIST.read_text())
    return [Mutant(part) for part in re.split(r"(?m)^== ", text)[1:]]


def run(command, limit, log):
    """The status; None where the time was up."""
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=COPY, start_new_session=True)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            # The session is ours: the tests and the processes they started.
            os.killpg(process.pid, 9)
            process.wait()
            return None


def swift(verb, *arguments):
    # One lock for all builds of a machine, where somebody else builds too.
    lock = os.environ.get("MUTANTS_BUILD_LOCK")
    head = ["flock", lock] if lock and verb == "build" else []
    return [*head, "swift", verb, "--package-path", str(COPY), "--scratch-path", str(SCRATCH / "build"), *arguments]


def build(log):
    return run(swift("build", "--build-tests"), 3600, log)


def test(filters, log):
    """Whether the tests are green; the number that ran."""
    wanted = [part for name in filters for part in ("--filter", name)]
    status = run(swift("test", "--skip-build", "--no-parallel", *wanted), 900, log)
    ran = re.search(r"Test run with (\d+) tests", log.read_text(errors="replace"))
    return status == 0, int(ran.group(1)) if ran else 0


def copy():
    COPY.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    if (ROOT / "Package.resolved").is_file():
        wanted.add("Package.resolved")
    for name in wanted:
        source, target = ROOT / name, COPY / name
        # Files that have not changed keep their time: what was built of them stands.
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    for path in sorted(COPY.rglob("*"), reverse=True):
        if path.is_file() and str(path.relative_to(COPY)) not in wanted:
            path.unlink()


def main(arguments):
    names = [name for name in arguments if name != "--check"]
    chosen = [m for m in mutants() if not names or any(m.name.startswith(name) for name in names)]
    wrong = [f"{m.name}: {m.problem(ROOT)}" for m in chosen if m.problem(ROOT)]
    for text in wrong:
        print(f"CANNOT BE MADE  {text}")
    if "--check" in arguments:
        print(f"{len(chosen)} faults, {len(wrong)} that cannot be made")
        return 1 if wrong or not chosen else 0
    chosen = [m for m in chosen if not m.problem(ROOT)]
    copy()
    logs = SCRATCH / "logs"
    logs.mkdir(exist_ok=True)
    print("Building without a fault", flush=True)
    if build(logs / "build.log") != 0:
        sys.exit(f"the sources cannot be built: {logs / 'build.log'}")
    filters = sorted({name for m in chosen for name in m.tests})
    green, ran = test(filters, logs / "tests.log")
    if not green:
        sys.exit(f"without a fault the suites are red already: {logs / 'tests.log'}")
    print(f"Without a fault {ran} tests are green", flush=True)
    tally = {}
    for m in chosen:
        start = time.monotonic()
        path = COPY / m.file
        whole = path.read_bytes()
        slug = re.sub(r"[^a-z0-9]+", "-", m.name.lower()).strip("-")
        try:
            path.write_text(path.read_text().replace(m.old, m.new))
            if build(logs / f"{slug}.build.log") != 0:
                verdict = "NOT BUILT"
            else:
                green, ran = test(m.tests, logs / f"{slug}.log")
                verdict = "NO TESTS" if green and not ran else "SURVIVED" if green else "killed"
        finally:
            path.write_bytes(whole)
        tally[verdict] = tally.get(verdict, 0) + 1
        print(f"{verdict:9} {m.name} ({time.monotonic() - start:.0f} s)", flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in tally.items()))
    return 0 if not wrong and set(tally) <= {"killed"} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
