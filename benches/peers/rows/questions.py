"""Q1 and Q2 on the az array and on diagnostic lines, against every rival."""

import shutil

from bench import MEGABYTE, OURS, Side, line_of, median, ratio, say, table, times, walls
from floors import simdjson

TITLE = "Q1 and Q2"
FLOORS = {
    "cat": ["cat", "{input}"],
    "wc -l": ["wc", "-l", "{input}"],
    "rg -c -F": ["rg", "-c", "-F", "policies/audit/action", "{input}"],
    # Told to write to nowhere, it would stop at the first match.
    "grep -c -F": ["sh", "-c", 'grep -c -F policies/audit/action "$1" | cat', "sh", "{input}"],
}


def floors(bench, source):
    """What only reading, and only looking for the name of one operation, cost."""
    sides = []
    for label, parts in FLOORS.items():
        if shutil.which(parts[0]):
            sides.append(Side(label, [part.replace("{input}", str(source.path)) for part in parts]))
        else:
            say(f"floor `{label}` is left out: {parts[0]} is not installed")
    sides += simdjson(bench, source, source.name)
    reports = bench.race(sides, **source.facts(), phase="floor")
    lines = [line_of(source.name, label, times(reports[label])) for label in reports]
    return ["", *table("input", "floor", "wall s"), *lines]


def compare(bench, source, question):
    """Checks, then times each rival in turn with ours."""
    shape = source.name
    right = [(engine, bench.checked(engine, question, shape, source)) for engine in bench.engines]
    right = [(engine, memory) for engine, memory in right if memory]
    if bench.options.check_only:
        return []
    ours = next((pair for pair in right if pair[0].name == OURS), None)
    lines, our_reports = [], []
    rivals = [pair for pair in right if pair[0].name != OURS] or right
    for engine, memory in rivals:
        pair = [ours[0], engine] if ours and engine.name != OURS else [engine]
        sides = [
            Side(each.label, each.ask(shape, question, source.path), each.environment, facts=each.facts())
            for each in pair
        ]
        runs = engine.runs(bench.options.runs)
        reports = bench.race(sides, runs, **source.facts(), question=question, pair=engine.label)
        if ours:
            our_reports += reports[ours[0].label]
        if engine.name != OURS:
            against = (ours[0], reports[ours[0].label]) if ours else None
            lines.append(line(source, question, engine, reports[engine.label], memory, against))
    if ours and our_reports:
        lines.insert(0, line(source, question, ours[0], our_reports, ours[1], None))
    return lines


def line(source, question, engine, reports, memory, against):
    """One row of the table."""
    wall = median(reports)
    resident = max(report["rss"] for report in reports)
    cells = [source.name, question, engine.label, times(reports), f"{source.bytes / wall / 1e9:.2f}"]
    cells += [f"{resident / MEGABYTE:.0f}", f"{memory['anonymous'] / MEGABYTE:.0f}"]
    if against:
        ours, our_reports = against
        cells += ratio(wall, median(our_reports), engine.start_up, ours.start_up)
    else:
        cells += ["", ""]
    return line_of(*cells)


def run(bench):
    header = ["input", "question", "engine", "wall s", "GB/s", "peak RSS MB", "peak anonymous MB", "times ours"]
    lines, below = table(*header, "… without start-up"), []
    for shape in bench.options.inputs.split(","):
        source = bench.input(shape)
        if not bench.options.check_only:
            below += floors(bench, source)
        for question in ("q1", "q2"):
            lines += compare(bench, source, question)
    return lines + below
