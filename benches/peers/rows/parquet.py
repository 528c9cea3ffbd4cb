"""Each report over ten million normalised events in Parquet: ours against DuckDB, same file, same SQL.

Polars is timed beside them where it is there: with the engine that we have, as its Python package has it.
"""

import csv
import io
import itertools
import json
import os
import re
import subprocess

from bench import HERE, OURS, Failed, Side, line_of, median, ratio, say, table, times
from inputs import normalised

TITLE = "Reports over normalised Parquet"
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?Z?")
QUERIES = HERE.parents[1] / "queries"


def printed(command, environment=None):
    """What a command prints."""
    full = os.environ | (environment or {})
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=full)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(part) for part in command[:4])}: {done.stderr.strip()[-300:]}")
    return done.stdout


def plain(cell):
    """A cell as both engines could have written it: instants and truth values differ in spelling."""
    found = INSTANT.fullmatch(cell)
    return f"{found[1]} {found[2]}{(found[3] or '').rstrip('.0')}" if found else cell.lower()


def same(ours, theirs):
    """Whether two CSV texts hold the same cells in the same order, whatever their headings: some
    reports show columns under the names of another tool."""
    both = [list(csv.reader(io.StringIO(text)))[1:] for text in (ours, theirs)]
    rows = itertools.zip_longest(*both, fillvalue=[])
    return all(one == two or [plain(cell) for cell in one] == [plain(cell) for cell in two] for one, two in rows)


def agrees(name, command, environment, ours):
    """Whether Polars answers, and as we do."""
    try:
        is_same = same(ours, printed(command, environment))
    except Failed as reason:
        say(f"{name}: Polars NOT TIMED, {reason}")
        return False
    say(f"{name}: Polars " + ("gives the same answer" if is_same else "NOT TIMED, it differs"))
    return is_same


def run(bench):
    source, folder = normalised(bench)
    listed = subprocess.run([bench.options.azmfa, "reports", "--format", "json"], capture_output=True, text=True, check=True)
    names = [row["report"] for row in json.loads(listed.stdout)["rows"]]
    lines = table("report", "azmfa, wall s", "duckdb, wall s", "times ours", "… without start-up", "polars, wall s")
    polars = bench.rival("polars")
    rival = bench.rival("duckdb")
    if not rival:
        raise Failed("DuckDB does not run, there is nothing to compare with")
    duckdb = [bench.options.python, HERE / "duckdb" / "tables.py"]
    for name in names:
        ours = [bench.options.azmfa, "report", "-r", name, *source.paths, "--format", "csv", *bench.common()]
        query = next(QUERIES.glob(f"*/{name}.sql"))
        theirs = [*duckdb, query, folder, bench.options.threads]
        if same(printed(ours), printed(theirs)):
            say(f"{name}: both give the same answer")
        else:
            say(f"{name}: NOT TIMED, the engines differ")
            continue
        if bench.options.check_only:
            continue
        sides = [
            Side(OURS, ours, facts=bench.ours.facts()),
            Side(rival.label, theirs, facts=rival.facts()),
        ]
        command = [bench.options.python, HERE / "polars" / "tables.py", query, folder]
        if polars and agrees(name, command, polars.environment, printed(ours)):
            sides.append(Side(polars.label, command, polars.environment, facts=polars.facts()))
        reports = bench.race(sides, **source.facts(), question=name, pair="parquet")
        factors = ratio(median(reports[rival.label]), median(reports[OURS]), rival.start_up, bench.ours.start_up)
        beside = times(reports[polars.label]) if polars and polars.label in reports else "not timed"
        lines.append(line_of(name, times(reports[OURS]), times(reports[rival.label]), *factors, beside))
    return lines
