"""Q3, the verdicts per application, on sign-ins as one array and as lines; every column of them to an Arrow stream,
beside the same of events in that form."""

from bench import MEGABYTE, OURS, Side, line_of, median, table, times, warm
from inputs import sign_ins

TITLE = "Q3 on sign-ins, and all their columns to Arrow"
QUESTION = "q3"
ALIKE = {"si": "az", "sn": "nd"}


def run(bench):
    lines = table("input", "engine", "wall s", "GB/s", "peak RSS MB", "peak anonymous MB")
    for form in ("si", "sn"):
        source = sign_ins(bench, form)
        able = [engine for engine in bench.engines if form in engine.entry["ask"] and "auto" not in engine.entry["setting"]]
        right = [(engine, bench.checked(engine, QUESTION, form, source)) for engine in able]
        right = [(engine, memory) for engine, memory in right if memory]
        if bench.options.check_only or not right:
            continue
        warm(source.path)
        sides = [Side(engine.label, engine.ask(form, QUESTION, source.path), engine.environment, facts=engine.facts()) for engine, _ in right]
        reports = bench.race(sides, **source.facts(), question=QUESTION, pair=OURS)
        for engine, memory in right:
            mine = reports[engine.label]
            resident = max(report["rss"] for report in mine) / MEGABYTE
            cells = [times(mine), f"{source.bytes / median(mine) / 1e9:.2f}", f"{resident:.0f}", f"{memory['anonymous'] / MEGABYTE:.0f}"]
            lines.append(line_of(form, engine.label, *cells))
        lines.extend(all_columns(bench, source, bench.input(ALIKE[form])))
    return lines


def all_columns(bench, sign_ins, events):
    """Table `sign_in` whole and table `activity` whole, in turn."""
    sides = [
        Side(
            f"all columns of {table_name}",
            [bench.options.azmfa, "convert", *source.paths, "--table", table_name, "--format", "arrow", *bench.common()],
            facts=bench.ours.facts() | source.facts() | {"setting": table_name},
        )
        for table_name, source in (("sign_in", sign_ins), ("activity", events))
    ]
    reports = bench.race(sides, question="arrow", pair=sign_ins.name)
    for side in sides:
        mine = reports[side.label]
        resident = max(report["rss"] for report in mine) / MEGABYTE
        yield line_of(side.facts["input"], side.label, times(mine), f"{side.facts['bytes'] / median(mine) / 1e9:.2f}", f"{resident:.0f}", "")
