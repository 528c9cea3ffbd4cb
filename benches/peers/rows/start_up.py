"""What a run costs before it has anything to do: the version, and reports of ten events."""

from bench import Side, line_of, spread, table, walls
from inputs import few

TITLE = "Start-up"
RUNS = 20


def run(bench):
    source = few(bench, 10)
    bench.reported(source)
    if bench.options.check_only:
        return []
    azmfa = bench.options.azmfa
    facts = bench.ours.facts() | {"phase": "start-up"}
    sides = [
        Side("azmfa --version", [azmfa, "--version"], facts=facts),
        Side("Q2 of 10 events", bench.query("q2", source.paths), facts=facts),
        Side("report -r summary of 10 events", bench.report(["-r", "summary", *source.paths]), facts=facts),
        Side("default reports of 10 events", bench.report(source.paths), facts=facts),
        Side("true", ["true"], facts={"phase": "floor"}),
    ]
    reports = bench.race(sides, RUNS, **source.facts())
    lines = table("command", "wall ms")
    for side in sides:
        milliseconds = [wall * 1000 for wall in walls(reports[side.label])]
        lines.append(line_of(side.label, spread(milliseconds)))
    return lines
