#!/usr/bin/env python3
"""Writes every file under `testdata/`, the same bytes every time.

    python3 testdata/tell.py            write everything
    python3 testdata/tell.py --check    say which files differ from what would be written; exit 1 if any

Parquet needs pyarrow; an interpreter without it leaves the Parquet files as they are.
"""

import gzip
import io
import json
import sys
import zlib
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import demo  # noqa: E402
import demo_signins  # noqa: E402
import fixtures  # noqa: E402
import oracle  # noqa: E402
import shapes  # noqa: E402
import signin_fixtures  # noqa: E402
import signin_shapes  # noqa: E402
import spoiled  # noqa: E402
import tenant  # noqa: E402

GENERATED = ("formats", "broken", "expected", "demo")


def main():
    check = "--check" in sys.argv[1:]
    files = everything()
    stale = []
    for path, content in sorted(files.items()):
        target = HERE / path
        if content is None:
            continue
        if check:
            if not target.exists() or unpacked(path, target.read_bytes()) != unpacked(path, content):
                stale.append(path)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for folder in GENERATED:
        for found in sorted((HERE / folder).rglob("*")):
            name = found.relative_to(HERE).as_posix()
            if found.is_file() and name not in files:
                stale.append(f"{name} (nothing tells it)")
    for path in stale:
        print(f"differs: {path}")
    print(f"{len(files)} files, {sum(len(content or b'') for content in files.values()):,} bytes", file=sys.stderr)
    return 1 if stale else 0


def unpacked(path, content):
    """What is compared: compressors of different versions may pack the same bytes differently."""
    if path.endswith(".gz") and path != "broken/cut.json.gz":
        return gzip.decompress(content)
    if path.endswith(".parquet"):
        try:
            import pyarrow.parquet
            return pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
        except Exception:  # a broken file is compared byte for byte
            return content
    return content


def zipped(content):
    """gzip without a time or a name in it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def everything():
    """Path to bytes of every generated file; None for Parquet that cannot be written here."""
    told, odd, month = tenant.tell(), spoiled.story(), demo.tell()
    files, accounts = {}, {}

    def put(path, content, entry):
        accounts[path] = entry
        if " + " not in path and "." in path:
            files[path] = content

    fixtures.everything(told.events, odd, put, zipped)
    week = signin_fixtures.everything(told, put, zipped)
    demo_files, demo_accounts = demonstration(month.events)
    files.update(demo_files)
    accounts.update(demo_accounts)
    signed_in = who_signed_in(month, put)
    files.update({f"demo/{name}": text for name, text in demo_signins.LISTS.items()})
    for name, reports in fixtures.expected(told.events, odd).items():
        for report, rows in reports.items():
            files[f"expected/{name}/{report}.json"] = shown(rows)
    for report, rows in oracle.reports(month.events).items():
        files[f"expected/demo/{report}.json"] = shown(rows)
    registrations, _, azure, entra, users = demo_signins.known(signed_in)
    demo_sides = (registrations, azure + entra, users)
    for name, content in signin_fixtures.expected(week, signed_in, demo_sides).items():
        files[f"expected/sign-ins/{name}.json"] = told_of(content)
    files["expected/sets.json"] = shown(fixtures.SETS)
    files["expected/accounting.json"] = (json.dumps(accounts, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    return {path: content.encode() if isinstance(content, str) else content for path, content in files.items()}


def shown(rows):
    """A list with a row a line, or an indented object."""
    if isinstance(rows, list):
        return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n"


def told_of(content):
    """A set of sign-ins: what it is about and its fixtures, then tables with a row a line."""
    parts = [f"{json.dumps(key)}: " + (shown(part).strip() if isinstance(part, list) and part and isinstance(part[0], dict) else json.dumps(part, indent=1))
             for key, part in content.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def demonstration(events):
    """The month as three people would have exported it: az, a diagnostic day that overlaps, PowerShell."""
    def of(*subscriptions):
        return [event for event in events if event.get("subscriptionId") in subscriptions]

    main, sandbox = of(demo.PRODUCTION, demo.STAGING), of(demo.SANDBOX)
    day = [event for event in main if event["eventTimestamp"].startswith("2026-05-20")]
    files = {
        "demo/activity/az-production-and-staging.json.gz": zipped(shapes.az_array(main[::-1]).encode()),
        "demo/activity/PT1H-2026-05-20.ndjson.gz": zipped(shapes.lines(map(shapes.diagnostic, day)).encode()),
        "demo/activity/powershell-sandbox.json.gz": zipped(shapes.powershell_utf16(sandbox)),
    }
    accounts = {
        "demo/activity/az-production-and-staging.json.gz": fixtures.account("activity_rest", len(main)),
        "demo/activity/PT1H-2026-05-20.ndjson.gz": fixtures.account("activity_diagnostic", len(day)),
        "demo/activity/powershell-sandbox.json.gz": fixtures.account("activity_powershell", len(sandbox)),
        "demo/activity": fixtures.account("", len(main) + len(day) + len(sandbox), duplicates=len(day),
                                          comment="every row of the diagnostic day is in the az array too"),
    }
    return files, accounts


def who_signed_in(story, put):
    """The sign-ins of the month as the same people exported them: the portal's JSON of two kinds, and a diagnostic
    setting for programs and one day of people; the audits; and what they know of accounts, roles and resources. Gives the month."""
    month = demo_signins.tell(story)

    def kind(*kinds):
        return [record for record in month.signs.records if signin_shapes.kind(record) in kinds]

    def sign_ins(name, text, form, records, **more):
        put("demo/signin/" + name, text and zipped(text.encode()), fixtures.account(form, records, table="sign_in", **more))

    span = "2026-05-01_2026-05-31.json.gz"
    day = [record for record in kind("interactive") if record["createdDateTime"].startswith("2026-05-20")]
    programs = kind("service_principal", "managed_identity") + day
    told = [signin_shapes.diagnostic(record, number) for number, record in enumerate(programs)]
    for name, records in (("InteractiveSignIns_", kind("interactive")), ("NonInteractiveSignIns_", kind("non_interactive"))):
        sign_ins(name + span, json.dumps(records, ensure_ascii=False), "entra_signin_graph", len(records))
    sign_ins("PT1H-2026-05.ndjson.gz", shapes.lines(told), "entra_signin_diagnostic", len(told))
    total = len(month.signs.records)
    put("demo/signin", None, fixtures.account("", total + len(day), table="sign_in", duplicates=len(day), comment="one day of people is in both"))
    changes = demo_signins.audits(month)
    put("demo/audit/AuditLogs_" + span, zipped(json.dumps(changes, ensure_ascii=False).encode()), fixtures.account("entra_audit_graph", len(changes), table="audit"))
    for name, (text, form, table, records) in demo_signins.side_inputs(month).items():
        put(f"demo/{name}", text, fixtures.account(form, records, table=table))
    return month


if __name__ == "__main__":
    sys.exit(main())
