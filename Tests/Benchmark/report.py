"""The figures as a table for the terminal, as Markdown and as a chart (SVG)."""

import statistics
from html import escape

NAMES = {"usersync": "usersync", "tuned": "Express, tuned", "printed": "Express, as printed", "limit": "limit"}
COLOURS = {"usersync": "#1565c0", "tuned": "#e08a3c", "printed": "#f2cfae", "limit": "#b9c2cc"}


class Row:
    """One kind of figure: the samples of each subject, and why one has none."""

    def __init__(self, samples, problems, key, label, unit, percentile=None, reasons=None):
        self.samples, self.label, self.unit, self.percentile = samples.get(key, {}), label, unit, percentile
        self.reasons = {**(reasons or {}), **problems.get(key, {})}

    @property
    def more_is_better(self):
        return self.unit.endswith("/s")

    def values(self, subject):
        return self.samples.get(subject, [])

    def figure(self, subject):
        values = sorted(self.values(subject))
        if not values or self.unmeasured(subject):
            return None
        if self.percentile:
            return values[min(len(values) - 1, len(values) * self.percentile // 100)]
        return statistics.median(values)

    def unmeasured(self, subject):
        return self.reasons.get(subject)

    def cell(self, subject):
        figure = self.figure(subject)
        if figure is not None:
            return f"{rounded(figure)} {self.unit}"
        return "not measured" if self.unmeasured(subject) else "–"

    def ratio(self, subject):
        """How many times better usersync is than another subject; below 1: worse."""
        ours, other = self.figure("usersync"), self.figure(subject)
        if not ours or not other or self.unit.startswith("%"):
            return None
        return ours / other if self.more_is_better else other / ours


def rounded(value):
    """Three figures."""
    if abs(value) >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def times(ratio):
    return "" if ratio is None else f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.1f}×" if ratio >= 1 else f"{ratio:.2f}×"


def cells(rows):
    head = ["", *NAMES.values(), "to tuned", "to printed", "to limit"]
    return [head] + [
        [row.label, *(row.cell(subject) for subject in NAMES), *(times(row.ratio(s)) for s in ("tuned", "printed", "limit"))]
        for row in rows
    ]


MEANING = "A ratio says how many times better usersync is (below 1: worse)."


def notes(rows):
    """What a reader of the figures is to know of all of them, and why some are not there."""
    missing = {}
    for row in rows:
        for subject in NAMES:
            if row.unmeasured(subject):
                missing.setdefault(row.unmeasured(subject), {}).setdefault(row.label, []).append(NAMES[subject])
    return [MEANING] + [
        f"Not measured ({reason}): " + "; ".join(f"{label} – {', '.join(names)}" for label, names in labels.items()) + "."
        for reason, labels in missing.items()
    ]


def text(rows, conditions):
    table = cells(rows)
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(zip(line, widths))
        )
        for line in table
    ]
    return "\n".join(["", *lines, "", *notes(rows), *conditions])


# The page of the documentation that the figures stand on.
PAGE = """# Benchmark

usersync beside the integration guide's Express handler, as printed and tuned, and beside the machine's limits, all in one run.

## Overview

`sh Tests/Tools/benchmark.sh --million` measures, and writes this page and the chart anew.

![A chart of the figures below](benchmark.svg)

## Figures
"""


def markdown(rows, conditions):
    head, *body = cells(rows)
    lines = [PAGE, "| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    lines += [
        "| " + " | ".join(f"**{cell}**" if column == 1 and cell[0].isdigit() else cell for column, cell in enumerate(line)) + " |"
        for line in body
    ]
    return "\n".join(lines + ["", "## Conditions", ""] + [f"- {line}" for line in notes(rows) + conditions]) + "\n"


# The chart: a group of bars for each row that has figures, each group with a scale of its own; on a card of its own, so that
# it can be read on light and on dark pages.

TITLE = "usersync beside the integration guide's Express handler and the machine's limits"
WIDTH, MARGIN, COLUMN, BAR, LABEL = 1040, 24, 484, 13, 112


def group(row, x, y):
    """The bars of a row, and their height."""
    subjects = [subject for subject in NAMES if row.figure(subject) is not None]
    most = max(max(row.figure(subject) for subject in subjects), 1e-9)
    ratios = [f"{times(row.ratio(s))} {word}" for s, word in (("tuned", "tuned"), ("limit", "limit")) if row.ratio(s)]
    parts = [f'<text x="{x}" y="{y}" class="title">{escape(row.label)}</text>']
    for number, subject in enumerate(subjects):
        top = y + 8 + number * (BAR + 3)
        width = max(1.5, row.figure(subject) / most * (COLUMN - LABEL - 240))
        value = f'<tspan class="{"ours" if subject == "usersync" else "value"}">{escape(row.cell(subject))}</tspan>'
        if subject == "usersync" and ratios:
            value += f'<tspan class="ratio" dx="8">{escape(" · ".join(ratios))}</tspan>'
        parts.append(
            f'<text x="{x + LABEL - 8}" y="{top + 10}" class="name">{escape(NAMES[subject])}</text>'
            f'<rect x="{x + LABEL}" y="{top}" width="{width:.1f}" height="{BAR}" rx="1.5" fill="{COLOURS[subject]}"/>'
            f'<text x="{x + LABEL + width + 6:.1f}" y="{top + 10}">{value}</text>'
        )
    return parts, 8 + len(subjects) * (BAR + 3) + 24


def wrapped(line, width):
    lines = [""]
    for word in line.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word + " "
    return lines


def svg(rows, conditions):
    shown = [row for row in rows if row.figure("usersync") is not None]
    columns = [
        ("Users and webhooks a second: longer is better", [row for row in shown if row.more_is_better]),
        ("Time, processor and memory: shorter is better", [row for row in shown if not row.more_is_better]),
    ]
    parts, bottom = [], 0
    for column, (title, members) in enumerate(columns):
        x, y = MARGIN + column * (COLUMN + MARGIN), 78
        parts.append(f'<text x="{x}" y="{y - 18}" class="column">{title}</text>')
        for row in members:
            drawn, height = group(row, x, y + 6)
            parts += drawn
            y += height
        bottom = max(bottom, y)
    for line in ["Each group has its own scale. " + MEANING] + conditions:
        for part in wrapped(line, 160):
            bottom += 15
            parts.append(f'<text x="{MARGIN}" y="{bottom}" class="caption">{escape(part.strip())}</text>')
        bottom += 3
    height = bottom + 18
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img"'
            ' font-family="-apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="11" fill="#24292f">',
            f"<title>{TITLE}</title>",
            "<style>.head{font-size:17px;font-weight:600}.column{font-size:13px;font-weight:600;fill:#57606a}"
            ".title{font-size:12px;"
            "font-weight:600}.name{text-anchor:end;fill:#57606a}.value,.caption{fill:#57606a}.ours{font-weight:600}"
            ".ratio{fill:#1565c0;font-weight:600}</style>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6" fill="#fff" stroke="#d0d7de"/>',
            f'<text x="{MARGIN}" y="34" class="head">{TITLE}</text>',
            *parts,
            "</svg>",
            "",
        ]
    )
