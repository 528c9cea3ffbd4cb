"""Repeats normalised tables: repeat.py FOLDER TARGET COPIES.

Every copy has ids of its own and lies after the one before it, as `enlarge.py` does with JSON, so
that no two events are the same event.
"""

import sys
from pathlib import Path

import duckdb

source, target, copies = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
target.mkdir(parents=True, exist_ok=True)
connection = duckdb.connect()
connection.execute("SET timezone = 'UTC'")
connection.execute("SET preserve_insertion_order = true")
span = connection.execute(
    f"SELECT date_diff('day', min(event_time), max(event_time)) + 1 FROM '{source}/activity.parquet'"
).fetchone()[0]
for table in ("activity", "activity_policy"):
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM '{source}/{table}.parquet'").fetchall()]
    # An event without an id of its own is called `key:` and the hash of what tells it from others.
    ids = [name for name in ("event_id", "event_key", "correlation_id", "operation_id") if name in columns]
    changed = [f"regexp_replace({name}, '^(key:)?....', '\\1' || printf('%04x', copy)) AS {name}" for name in ids]
    changed.append(f"event_time + to_days(({span} * copy)::INTEGER) AS event_time")
    keys = dict(
        connection.execute(
            f"SELECT decode(key), decode(value) FROM parquet_kv_metadata('{source}/{table}.parquet') "
            "WHERE decode(key) LIKE 'azmfa.%'"
        ).fetchall()
    )
    stated = ", ".join(f"'{key}': '{value}'" for key, value in keys.items())
    connection.execute(
        f"COPY (SELECT * EXCLUDE (copy) REPLACE ({', '.join(changed)}) FROM (SELECT copy, t.* FROM range({copies}) r(copy), "
        f"'{source}/{table}.parquet' t)) TO '{target}/{table}.parquet' "
        f"(FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{stated}}})"
    )
