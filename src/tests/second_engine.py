"""Runs reports on DuckDB over the Parquet that `azmfa convert` writes.

Usage: second_engine.py TABLES QUERIES REPORT...

TABLES holds one `<table>.parquet` (or a folder `<table>/` of them) per table, QUERIES is the
repository's `queries/`. Prints one JSON object:
{report: {"columns": [...], "headings": [...], "rows": [[...], ...]}}, headings as the header of the
report has them, rows in its order, instants as ISO 8601 UTC with six digits and Z, days as
YYYY-MM-DD, so that two engines can be compared text by text. Any failure ends it with a message and a code other than 0.
"""

import datetime
import json
import pathlib
import re
import sys

import duckdb


def cell(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a report gives {type(value).__name__}")


def reads(sql):
    for line in sql.splitlines():
        if line.startswith("-- reads:"):
            return set(line[len("-- reads:"):].replace(",", " ").split())
    return set()


def headings(sql, columns):
    """What the columns are shown under: `-- column: name kind as "heading"`, else their names."""
    named = dict(re.findall(r'^-- column: (\w+) \w+ as "([^"]*)"', sql, re.MULTILINE))
    return [named.get(column, column) for column in columns]


def connect(tables, queries):
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    made = set()
    for path in sorted(tables.iterdir()):
        pattern = path / "*.parquet" if path.is_dir() else path
        if path.is_dir() or path.suffix == ".parquet":
            source = str(pattern).replace("'", "''")
            connection.execute(
                f"create view {path.stem} as select * from read_parquet('{source}')"
            )
            made.add(path.stem)
    waiting = {path.stem: path.read_text("utf-8") for path in sorted((queries / "views").glob("*.sql"))}
    while waiting:
        ready = [name for name, sql in waiting.items() if not reads(sql) & waiting.keys()]
        if not ready:
            raise ValueError(f"views read each other: {sorted(waiting)}")
        for name in ready:
            sql = waiting.pop(name)
            if reads(sql) <= made:
                connection.execute(f"create view {name} as {sql}")
                made.add(name)
    return connection


def answer(connection, sql):
    """Columns and rows of one report, instants without a zone: DuckDB wants a package for zones."""
    connection.execute(f"create or replace temp table answer as {sql}")
    described = connection.execute("describe answer").fetchall()
    columns = [column[0] for column in described]
    shown = ", ".join(
        f'cast("{name}" as timestamp)' if kind == "TIMESTAMP WITH TIME ZONE" else f'"{name}"'
        for name, kind, *_ in described
    )
    rows = connection.execute(f"select {shown} from answer order by rowid").fetchall()
    shown = headings(sql, columns)
    return {"columns": columns, "headings": shown, "rows": [[cell(value) for value in row] for row in rows]}


def main(arguments):
    tables, queries, *reports = arguments
    tables, queries = pathlib.Path(tables), pathlib.Path(queries)
    connection = connect(tables, queries)
    answers = {}
    for report in reports:
        found = sorted(queries.glob(f"*/{report}.sql"))
        if len(found) != 1:
            raise ValueError(f"{len(found)} files for report {report}")
        answers[report] = answer(connection, found[0].read_text("utf-8"))
    json.dump(answers, sys.stdout, ensure_ascii=False, allow_nan=False)


if __name__ == "__main__":
    main(sys.argv[1:])
