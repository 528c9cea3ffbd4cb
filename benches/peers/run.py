"""Times azmfa beside its rivals and beside floors: checks every answer, then times.

    python3 benches/peers/run.py DIR --azmfa target/release/azmfa --python VENV/bin/python [--only ROW,…]

DIR holds what `generate.py` wrote; what else a row needs it makes there. An engine whose version is
not the expected one, or whose answer is not exactly the one in expected.json, is reported and never
timed. Each row is one file of `rows/`. See benches/README.md.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

from bench import HERE, Bench, Engine, Failed, say

ROWS = ["questions", "report", "pipe", "arrow", "shuffled", "packed", "folder", "start_up", "memory", "parquet", "sign_ins", "readiness"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path, help="folder written by generate.py")
    parser.add_argument("--azmfa", type=Path, default=HERE.parents[1] / "target/release/azmfa")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="Python with requirements.txt")
    parser.add_argument("--only", default=",".join(ROWS), help="only these rows, comma-separated names")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side of a pair")
    parser.add_argument("--engines", default="", help="only these, comma-separated names")
    parser.add_argument("--inputs", default="az,nd", help="only these shapes, comma-separated")
    parser.add_argument("--big", type=float, default=0, help="memory: also at this many bytes (20e9 takes 20 GB of disk)")
    parser.add_argument("--linked", type=int, default=1_000_000, help="readiness: so many sign-ins, and as many events")
    parser.add_argument("--check-only", action="store_true", help="compare answers, time nothing")
    parser.add_argument("--no-record", action="store_true", help="write no file under benches/record")
    options = parser.parse_args()
    options.only = options.only.split(",")
    unknown = set(options.only) - set(ROWS)
    if unknown:
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    return options


def main():
    options = arguments()
    entries = json.loads((HERE / "engines.json").read_text("utf-8"))
    names = set(options.engines.split(",")) if options.engines else {entry["name"] for entry in entries}
    bench = Bench(options, [Engine(entry, options) for entry in entries if entry["name"] in names])
    print(f"{bench.constant['machine']}, {options.threads} threads, commit {bench.constant['commit'] or 'unknown'}")
    print(f"\nStart-up: {', '.join(f'{engine.label} {engine.start_up:.3f} s' for engine in bench.engines)}")
    failures = 0
    for name in options.only:
        row = importlib.import_module(f"rows.{name}")
        try:
            lines = row.run(bench)
            print("\n".join(["", f"## {row.TITLE}", "", *lines]), flush=True)
        except Failed as reason:
            failures += 1
            say(f"row {name}: NOT RUN, {reason}")
    if bench.rows and not options.no_record:
        print(f"\nRecord: {bench.write_record().relative_to(HERE.parents[1])}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
