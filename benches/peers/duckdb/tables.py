"""Runs one SQL file on DuckDB over normalised tables and prints CSV: tables.py QUERY.sql FOLDER THREADS.

FOLDER holds one `<table>.parquet` per table, as `azmfa convert` writes them. The views that reports
share come from the repository's `queries/views/`.
"""

import csv
import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from library import views  # noqa: E402


def main():
    query, folder, threads = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET timezone = 'UTC'")
    for path in sorted(Path(folder).glob("*.parquet")):
        source = str(path).replace("'", "''")
        connection.execute(f"CREATE VIEW {path.stem} AS SELECT * FROM read_parquet('{source}')")
    for name, sql in views():
        connection.execute(f"CREATE VIEW {name} AS {sql}")
    text = Path(query).read_text("utf-8").strip().rstrip(";")
    columns = connection.execute(f"DESCRIBE {text}").fetchall()
    # An instant without a zone: DuckDB wants a package of its own to print one with a zone.
    shown = ", ".join(
        f'CAST("{name}" AS TIMESTAMP) AS "{name}"' if kind.startswith("TIMESTAMP WITH") else f'"{name}"'
        for name, kind, *_ in columns
    )
    result = connection.execute(f"SELECT {shown} FROM ({text})")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(column[0] for column in columns)
    while rows := result.fetchmany(100_000):
        writer.writerows(rows)


main()
