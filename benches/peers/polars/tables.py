"""Runs one SQL file on Polars over normalised tables and prints CSV: tables.py QUERY.sql FOLDER.

FOLDER holds one `<table>.parquet` per table, as `azmfa convert` writes them. The number of threads comes
from POLARS_MAX_THREADS.
"""

import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from library import views  # noqa: E402


def main():
    query, folder = sys.argv[1:3]
    context = pl.SQLContext(eager=False)
    for path in sorted(Path(folder).glob("*.parquet")):
        context.register(path.stem, pl.scan_parquet(path))
    for name, sql in views():
        context.register(name, context.execute(sql))
    result = context.execute(Path(query).read_text("utf-8").strip().rstrip(";"))
    answer = result.collect(engine="streaming")
    # Instants as DuckDB prints them: without a zone.
    answer = answer.with_columns(pl.selectors.datetime(time_zone="*").dt.replace_time_zone(None))
    answer.write_csv(sys.stdout.buffer)


main()
