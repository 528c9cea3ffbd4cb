"""Every column of every event to an Arrow stream, on one thread and on two, of kept and of random key order."""

import tempfile
from pathlib import Path

from bench import HERE, OURS, Side, compare_answers, line_of, measure, median, processor, read_answer, say, table, times
from floors import MODES, cells, columns, simdjson
from inputs import shuffled

TITLE = "All columns of all events to Arrow"


def checked(bench, source):
    """The table's rows answer both questions on another engine; needs its Python."""
    with tempfile.TemporaryDirectory() as folder:
        measure([bench.options.azmfa, "convert", *source.paths, "-o", folder, *bench.common()])
        for question in ("q1", "q2"):
            answer = Path(folder) / "answer.csv"
            measure([bench.options.python, HERE / "duckdb" / "tables.py", HERE / OURS / f"{question}.sql", folder, bench.options.threads], output=answer)
            compare_answers(read_answer(answer, True), source.answers[question])
    say(f"{source.name}: the tables answer Q1 and Q2 on DuckDB as they should")


def run(bench):
    header = ["input", "1 thread, wall s", "2 threads, wall s", "GB/s a core", "GB/s", "1 to 2 threads", "wc -l, wall s"]
    lines = table(*header, *columns(*MODES))
    shapes = bench.options.inputs.split(",")
    sources = [(shape, bench.input(shape)) for shape in shapes] + [(shape, shuffled(bench, shape)) for shape in shapes]
    for shape, source in sources:
        checked(bench, source)
        if bench.options.check_only:
            continue
        command = [bench.options.azmfa, "convert", *source.paths, "--format", "arrow"]
        facts = bench.ours.facts() | {"question": "arrow"}
        sides = [
            Side(str(threads), command + bench.common(threads), facts=facts | {"threads": threads})
            for threads in (1, 2)
        ]
        sides.append(Side("wc -l", ["wc", "-l", source.path], facts={"phase": "floor"}))
        reports = bench.race(sides + simdjson(bench, source, shape), **source.facts(), pair="arrow")
        core = source.bytes / processor(reports["1"]) / 1e9
        both = source.bytes / median(reports["2"]) / 1e9
        gain = median(reports["1"]) / median(reports["2"])
        ours = [times(reports["1"]), times(reports["2"]), f"{core:.2f}", f"{both:.2f}", f"{gain:.2f}×"]
        lines.append(line_of(source.name, *ours, times(reports["wc -l"]), *cells(source, reports, *MODES)))
    return lines
