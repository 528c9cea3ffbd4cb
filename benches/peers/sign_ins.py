"""Writes the benchmark's sign-ins and, beside them, the exact answer to its question about them.

    python3 benches/peers/sign_ins.py DIR --bytes 1000000000 [--form si|sn] [--seed N]
    python3 benches/peers/sign_ins.py DIR --linked 1000000

Writes DIR/si.json (one compact array without line breaks, as Graph gives a page's `value`),
DIR/sn.ndjson (the same as lines) and DIR/expected.json. With `--linked`: DIR/sign-ins.ndjson and
DIR/events.ndjson, as many sign-ins and as many events whose tokens those sign-ins issued. The
answers are counted from the decisions made while writing. Needs nothing but the standard library.
"""

import argparse
import json
import random
import time
from pathlib import Path

from generate import DAY_SECONDS, TICKS_PER_SECOND, WINDOW_END, Clock, Log
from generator.shapes import SHAPES
from generator.sign_ins import SignIns
from generator.tenant import Tenant

# First, between and last of each form.
FORMS = {"si": ("si.json", "[", ",", "]"), "sn": ("sn.ndjson", "", "\n", "\n")}
AT_ONCE = 500
BYTES_PER_RECORD = 7_600


class Linked(Log):
    """Events whose tokens were issued by sign-ins that were written before."""

    def __init__(self, seed, issued):
        super().__init__(SHAPES["nd"](), seed, False, False)
        self.issued = issued

    def _token_id(self, principal):
        known = self.issued.get(principal.oid)
        return self.rng.choice(known) if known else super()._token_id(principal)


def write(signs, path, form, days, count=None, byte_count=None):
    """Writes so many sign-ins, or until so many bytes are full; returns (bytes, records)."""
    _, first, between, last = FORMS[form]
    wanted = count or max(1, byte_count // BYTES_PER_RECORD)
    step = int(days * DAY_SECONDS * TICKS_PER_SECOND) // (wanted + wanted // 8 + 1)
    start = (WINDOW_END - int(days * DAY_SECONDS)) * TICKS_PER_SECOND
    written = records = 0
    with open(path, "wb", buffering=1 << 20) as out:
        written += out.write(first.encode())
        while records < count if count else written < byte_count:
            chosen = signs.principals(min(AT_ONCE, count - records) if count else AT_ONCE)
            texts = [signs.record(start + (records + number) * step, who) for number, who in enumerate(chosen)]
            written += out.write(((between if records else "") + between.join(texts)).encode())
            records += len(texts)
        written += out.write(last.encode())
    return written, records


def linked(directory, count, seed, days):
    """Sign-ins and events of one tenant, as many of each."""
    # The log draws its tenant first from the same seed, so both have the same people.
    signs = SignIns(random.Random(seed + 1), Tenant(random.Random(seed)), Clock(), shares_sessions=True)
    log = Linked(seed, signs.issued)
    assert log.tenant.id == signs.tenant.id
    write(signs, directory / "sign-ins.ndjson", "sn", days, count=count)
    step = int(days * DAY_SECONDS * TICKS_PER_SECOND) // count
    start = (WINDOW_END - int(days * DAY_SECONDS)) * TICKS_PER_SECOND
    events = done = 0
    with open(directory / "events.ndjson", "wb", buffering=1 << 20) as out:
        while events < count:
            texts = [row[1] for row in log.requests(start + done * step, step, AT_ONCE)][: count - events]
            out.write(("\n".join(texts) + "\n").encode())
            events += len(texts)
            done += AT_ONCE
    answer = [[str(len(signs.people)), str(signs.completed), signs.failed]]
    return {"linked": {"files": ["sign-ins.ndjson", "events.ndjson"], "records": count + events, "seed": seed, "readiness": answer}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="size of each file")
    parser.add_argument("--form", choices=sorted(FORMS), help="only this file")
    parser.add_argument("--linked", type=int, help="so many sign-ins and as many events instead")
    parser.add_argument("--days", type=float, default=90, help="how long a time the rows span")
    parser.add_argument("--seed", type=int, default=20261101)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    path = options.directory / "expected.json"
    expected = json.loads(path.read_text("utf-8")) if path.exists() else {}
    started = time.perf_counter()
    if options.linked:
        expected |= linked(options.directory, options.linked, options.seed, options.days)
    else:
        for form in [options.form] if options.form else sorted(FORMS):
            signs = SignIns(random.Random(options.seed + 1), Tenant(random.Random(options.seed)), Clock())
            name = FORMS[form][0]
            byte_count, records = write(signs, options.directory / name, form, options.days, byte_count=options.bytes)
            q3 = sorted([app, mfa, number] for (app, mfa), number in signs.q3.items())
            expected[form] = {"file": name, "bytes": byte_count, "records": records, "seed": options.seed, "q3": q3}
            print(f"{name}: {byte_count:,} bytes, {records:,} records, {byte_count / records:,.0f} B each")
    path.write_text(json.dumps(expected, ensure_ascii=False, indent=0) + "\n", "utf-8")
    print(f"{time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
