"""The work of mutants.sh: reads mutants.list, builds all faults into a copy, turns on one after the other and runs the suites."""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "Tests/Tools/mutants.list"
SCRATCH = pathlib.Path(os.environ.get("MUTANTS_SCRATCH", ROOT / ".build-mutants"))
# Where a build of the sources stands already, its folder of sources and its folder of what was built save the first build.
COPY = pathlib.Path(os.environ.get("MUTANTS_SOURCE", SCRATCH / "source"))
BUILD = pathlib.Path(os.environ.get("MUTANTS_BUILD", SCRATCH / "build"))
LOGS = SCRATCH / "logs"

# The variable that says which fault is on, by its number; the processes that tests start have it too.
SWITCH = "USERSYNC_FAULT"
SWITCH_CODE = f"""
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
private let faultThatIsOn = getenv("{SWITCH}").map {{ atoi($0) }} ?? 0
private func isOn(fault number: Int32) -> Bool {{ faultThatIsOn == number }}
"""
# Seconds for the suites of one fault.
LIMIT = 180


class Mutant:
    """A fault: where, the code as it is, the code with the fault, and the tests that must see it."""

    def __init__(self, number, text):
        head, _, rest = text.partition("\n---\n")
        old, _, new = rest.partition("\n+++\n")
        lines = head.splitlines()
        self.number = number
        self.name = lines[0].strip()
        fields = dict(line.split(": ", 1) for line in lines[1:])
        self.file = fields["file"]
        self.tests = fields["tests"].split()
        self.old = old.rstrip("\n")
        self.new = re.sub(r"\bFAULT\b", f"isOn(fault: {number})", new.rstrip("\n"))
        self.is_switched = re.search(r"\bFAULT\b", new) is not None
        self.slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    def span(self, text):
        start = text.find(self.old)
        return start, start + len(self.old)


def mutants():
    text = re.sub(r"(?m)^#.*\n", "", LIST.read_text())
    parts = re.split(r"(?m)^== ", text)[1:]
    return [Mutant(number, part) for number, part in enumerate(parts, 1)]


def problems(chosen):
    """Why a fault cannot be made, by its name."""
    found = {}
    taken = collections.defaultdict(list)
    for m in chosen:
        path = ROOT / m.file
        if not path.is_file():
            found[m.name] = f"{m.file} is not there"
            continue
        text = path.read_text()
        start, end = m.span(text)
        if text.count(m.old) != 1:
            found[m.name] = f"its text stands {text.count(m.old)} times in {m.file}"
        elif not m.is_switched:
            found[m.name] = "its code does not say FAULT"
        elif other := next((name for a, b, name in taken[m.file] if start < b and a < end), None):
            found[m.name] = f'its text is also that of "{other}"'
        else:
            taken[m.file].append((start, end, m.name))
    return found


def run(command, log, limit, number=0):
    """The status; None where the time was up."""
    environment = {**os.environ, SWITCH: str(number)}
    if number:
        # What a fault lets wait for ever is to fail by its assertion, before the time is up.
        environment["TEST_HANG_SECONDS"] = "20"
    with open(log, "w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, cwd=COPY, env=environment, start_new_session=True)
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # The session is ours: the tests and the processes they started, also where we are interrupted.
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()


def swift(verb, *arguments):
    return ["swift", verb, "--package-path", str(COPY), "--scratch-path", str(BUILD), *arguments]


def test_command(filters):
    wanted = [part for name in filters for part in ("--filter", name)]
    # Run as `swift test` would run it, without the seconds in which that looks at the package.
    bundle = BUILD / "debug/usersyncPackageTests.xctest"
    if bundle.is_file():
        return [str(bundle), "--testing-library", "swift-testing", "--no-parallel", *wanted]
    return swift("test", "--skip-build", "--no-parallel", *wanted)


def verdict(status, log):
    """How the tests ended: survived, or what killed the fault and where."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(errors="replace"))
    if status == 0:
        ran = re.search(r"Test run with ([1-9]\d*) tests?", text)
        return ("SURVIVED", "") if ran else ("NO TESTS", "")
    # An argument may have line ends.
    issues = re.findall(r'Test ("[^\n]*?"|\S+)(?: with [^\n]*?)? recorded an issue(?:.{0,4000}?) at (\S+?\.swift:\d+):\d+: ([^\n]*)', text, re.S)
    said = [issue for issue in issues if not re.match(r"Time limit|Caught error: .*[tT]ime", issue[2])]
    where = f"{said[0][0]} at {said[0][1]}" if said else issues[0][0] if issues else ""
    if status is None:
        return ("killed" if said else "TIME"), where
    if not re.search(r"Test run with \d+ tests?.* failed", text):
        last = re.findall(r"(?:Fatal error|Precondition failed|Assertion failed)[^\n]*", text)
        started = re.findall(r"Test (.+?) started", text)
        return "CRASH", f"{last[-1] if last else status} in {started[-1] if started else 'no test'}"
    if not said:
        return "TIME", where
    return ("killed" if any("Caught error" not in issue[2] for issue in said) else "error"), where


def copy(chosen):
    """Brings the copy up to date, the faults in it. Files that have not changed keep their time: what was built of them stands."""
    COPY.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    if (ROOT / "Package.resolved").is_file():
        wanted.add("Package.resolved")
    faults = collections.defaultdict(list)
    for m in chosen:
        faults[m.file].append(m)
    for name in sorted(wanted):
        content = (ROOT / name).read_bytes()
        if name in faults:
            content = with_faults(content.decode(), faults[name]).encode()
        target = COPY / name
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for folder in ["Sources", "Tests"]:
        for path in (COPY / folder).rglob("*"):
            if path.is_file() and str(path.relative_to(COPY)) not in wanted:
                path.unlink()


def with_faults(text, faults):
    # From the end, so that what stands before keeps its place.
    for start, end, m in sorted(((*m.span(text), m) for m in faults), key=lambda fault: fault[0], reverse=True):
        text = text[:start] + m.new + text[end:]
    return text + SWITCH_CODE


def build(every):
    copy(every)
    LOGS.mkdir(parents=True, exist_ok=True)
    print("Building with all faults off", flush=True)
    if run(swift("build", "--build-tests"), LOGS / "build.log", 7200) != 0:
        sys.exit(f"the sources cannot be built: {LOGS / 'build.log'}")


def try_fault(m, times):
    """How it ends, the worst of several runs."""
    order = ["SURVIVED", "NO TESTS", "TIME", "CRASH", "error", "killed"]
    outcomes = []
    for _ in range(times):
        status = run(test_command(m.tests), LOGS / f"{m.slug}.log", LIMIT, m.number)
        outcomes.append(verdict(status, LOGS / f"{m.slug}.log"))
    return min(outcomes, key=lambda outcome: order.index(outcome[0]))


def main():
    parser = argparse.ArgumentParser(prog="mutants.sh")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    every = mutants()
    chosen = [m for m in every if not options.names or any(m.name.startswith(name) for name in options.names)]
    wrong = problems(every)
    for name, problem in wrong.items():
        print(f"CANNOT BE MADE  {name}: {problem}")
    if options.check or not chosen:
        print(f"{len(every)} faults, {len(wrong)} that cannot be made")
        return 1 if wrong or not chosen else 0
    build([m for m in every if m.name not in wrong])
    chosen = [m for m in chosen if m.name not in wrong]
    status = run(test_command(sorted({name for m in chosen for name in m.tests})), LOGS / "tests.log", 3600)
    if status != 0:
        sys.exit(f"with all faults off the suites are red: {LOGS / 'tests.log'}")
    tally = collections.Counter()
    for m in chosen:
        start = time.monotonic()
        word, where = try_fault(m, options.times)
        tally[word] += 1
        print(f"{word:8} {m.name} ({time.monotonic() - start:.0f} s){': ' + where if where else ''}", flush=True)
    print(", ".join(f"{count} {word}" for word, count in tally.items()))
    return 0 if not wrong and set(tally) <= {"killed", "error"} else 1


if __name__ == "__main__":
    sys.exit(main())
