"""The work of house.sh: counts the sources, the way of one user and the common changes, and checks what the pages say of them."""

import argparse
import pathlib
import re
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"
PAGES = SOURCES / "usersync/Documentation.docc"

FUNCTION = re.compile(r"^( *)(?:@\w+(?:\(.*?\))? )*(?:[a-z]+(?:\(set\))? )*(?:func ([\w`]+|[^\w\s(]+)|init[?!]?(?=[(<])|subscript(?=[(<])|deinit(?= ))")
# Words that a title may begin with in upper case besides those that are names by their look.
NAMES = {"Accept", "Connection", "Expect", "Java's", "Node's", "Prefer", "Upgrade"}


def functions(path):
    """Name, first line and number of lines of each function of a file, as the formatter lays it out."""
    lines = path.read_text().splitlines()
    for start, line in enumerate(lines):
        match = FUNCTION.match(line)
        if not match or line.lstrip().startswith("//"):
            continue
        name = match[2] or re.search(r"init|subscript|deinit", line)[0]
        indent = match[1]
        head = start
        # A signature over several lines ends at the indent of its beginning, or the line after opens the body.
        while not lines[head].rstrip().endswith("{") and "{" not in lines[head]:
            head += 1
            if head == len(lines) or not lines[head].strip() or FUNCTION.match(lines[head]):
                break
            if re.match(indent + r"[}\w]", lines[head]):
                break
        else:
            if lines[head].rstrip().endswith("{"):
                end = next((i for i in range(head + 1, len(lines)) if lines[i].rstrip() in (indent + "}", indent + "})")), head)
            else:
                end = head
            yield name, start + 1, end - start + 1


def size_rows():
    every = []
    longest_of_all = []
    for target in sorted(p for p in SOURCES.iterdir() if p.is_dir()):
        files = [(len(p.read_text().splitlines()), p) for p in target.rglob("*.swift")]
        if not files:
            continue
        longest = max(((n, f"{p.stem}.{name}") for _, p in files for name, _, n in functions(p)), default=(0, "-"))
        every += files
        longest_of_all.append(longest)
        yield target.name, files, longest
    yield "all", every, max(longest_of_all)


def print_sizes():
    print(f"{'target':22}{'files':>6}{'lines':>8}{'median':>8}{'p90':>6}  longest file, longest function")
    for name, files, (length, function) in size_rows():
        sizes = sorted(n for n, _ in files)
        most, path = max(files)
        p90 = sizes[min(len(sizes) - 1, len(sizes) * 9 // 10)]
        print(f"{name:22}{len(sizes):6}{sum(sizes):8}{int(statistics.median(sizes)):8}{p90:6}  "
              f"{most} {path.stem}, {length} {function}")


def declares(text, name):
    """Whether a file declares a function, an initialiser, a property or a case of that name."""
    if name in ("init", "deinit", "subscript"):
        return re.search(rf"\b{name}\b\s*[?(<]", text) is not None
    word = re.escape(name)
    return re.search(rf"\b(?:func|let|var|case|struct|enum|class|actor) `?{word}\b", text) is not None


def way(problems):
    """The files of TheWayOfOneUser and how often the task changes. A row of a table is a step: | T | `file` | `function` | what |."""
    files, changes, steps = [], 0, 0
    for row in (PAGES / "TheWayOfOneUser.md").read_text().splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        named = re.fullmatch(r"`([\w/+]+\.swift)`", cells[1]) if row.startswith("|") and len(cells) >= 4 else None
        if not named:
            continue
        steps += 1
        changes += cells[0] == "T"
        path = SOURCES / named[1]
        files.append(named[1])
        if not path.is_file():
            problems.append(f"TheWayOfOneUser: there is no {named[1]}")
            continue
        names = re.findall(r"`(\w+)`", cells[2])
        if not names:
            problems.append(f"TheWayOfOneUser: no function of {named[1]}")
        text = path.read_text()
        problems += [f"TheWayOfOneUser: {named[1]} has no {name}" for name in names if not declares(text, name)]
    returns = sum(1 for i, f in enumerate(files) if f in files[:i] and files[i - 1] != f)
    if steps == 0:
        problems.append("TheWayOfOneUser: no steps found")
    return len(set(files)), steps, changes, returns


def common_changes(problems):
    """For each change of Contributing: the files of Sources to edit, those to add, and the others, from the lists under its heading."""
    text = (PAGES / "Contributing.md").read_text()
    part = re.search(r"(?ms)^## Common changes\n(.*?)(?=^## )", text)
    found = []
    for title, body in re.findall(r"(?ms)^### (.*?)\n(.*?)(?=^### |\Z)", part[1] if part else ""):
        edited, added, others = [], [], []
        for line in re.findall(r"(?m)^(?:\d+\.|-) .*(?:\n  .*)*", body):
            # What comes before the colon is where; behind it is what.
            for name in re.findall(r"`([^`]+)`", line.split(":")[0]):
                path = next((p for p in (SOURCES / name, ROOT / name) if p.exists()), None)
                if re.match(r"(?:\d+\.|-) New\b", line):
                    added.append(name)
                elif path is None:
                    problems.append(f"Contributing: {title}: there is no {name}")
                else:
                    (edited if path.is_relative_to(SOURCES) else others).append(name)
        if not edited and not added:
            problems.append(f"Contributing: {title}: no files found")
        found.append((title, len(set(edited)), len(set(added)), len(set(others))))
    if len(found) < 6:
        problems.append(f"Contributing: {len(found)} common changes")
    return found


def titles(problems):
    """A test's title is the end of a sentence that its suite begins: in lower case, unless its first word is a name."""
    count = 0
    for path in sorted((ROOT / "Tests").rglob("*.swift")):
        for kind, title in re.findall(r'@(Suite|Test)\(\s*"((?:[^"\\]|\\.)*)"', path.read_text()):
            count += 1
            word = title.split(" ")[0].rstrip(",:;")
            looks_like_a_name = word in NAMES or re.search(r"[-_./0-9]|[A-Z].*[A-Z]", word)
            if kind == "Test" and title[0].isupper() and not looks_like_a_name:
                problems.append(f"{path.relative_to(ROOT)}: begins in upper case: {title}")
    return count


def main():
    parser = argparse.ArgumentParser(prog="house.sh")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    problems = []
    files, steps, changes, returns = way(problems)
    common = common_changes(problems)
    count = titles(problems)
    if not options.check:
        print_sizes()
        print(f"\nthe way of one user: {files} files, {steps} steps, {changes} changes of task, {returns} returns to an earlier file")
        print(f"\n{'common change':34}{'edited':>8}{'new':>6}{'tests, settings':>17}")
        for title, edited, added, others in common:
            print(f"{title:34}{edited:8}{added:6}{others:17}")
        print(f"\n{count} titles of tests and suites")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
