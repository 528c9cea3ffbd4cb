"""Runs one SQL file on DuckDB and prints the result as CSV: ask.py QUERY.sql THREADS [INPUT]."""

import csv
import sys
from pathlib import Path

import duckdb

query, threads, *source = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"SET threads = {int(threads)}")
connection.execute("SET VARIABLE input = ?", [source[0] if source else ""])
result = connection.execute(Path(query).read_text("utf-8"))
writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(column[0] for column in result.description)
writer.writerows(result.fetchall())
