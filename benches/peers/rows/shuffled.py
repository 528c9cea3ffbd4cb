"""The same questions of the same events with random key order, escaped, dropped and doubled keys."""

from bench import OURS, Side, line_of, median, processor, table, times
from floors import cells, columns, simdjson
from inputs import shuffled

TITLE = "Random key order"


def run(bench):
    header = ["input", "question", "wall s", "GB/s", "GB/s a core", "kept order, wall s", "times as long"]
    lines = table(*header, *columns("fields"))
    for shape in bench.options.inputs.split(","):
        plain, source = bench.input(shape), shuffled(bench, shape)
        for question in ("q1", "q2"):
            bench.asked(question, source)
            if bench.options.check_only:
                continue
            facts = bench.ours.facts()
            sides = [
                Side(OURS, bench.query(question, source.paths), facts=facts | source.facts()),
                Side("kept", bench.query(question, plain.paths), facts=facts | plain.facts()),
            ]
            sides += simdjson(bench, source, shape, ["fields"])
            reports = bench.race(sides, question=question, pair="shuffled")
            wall = median(reports[OURS])
            # Both files are the same number of bytes, not quite the same number of events.
            longer = (wall / source.bytes) / (median(reports["kept"]) / plain.bytes)
            speeds = [f"{source.bytes / wall / 1e9:.2f}", f"{source.bytes / processor(reports[OURS]) / 1e9:.2f}"]
            ours = [times(reports[OURS]), *speeds, times(reports["kept"]), f"{longer:.1f}×"]
            lines.append(line_of(source.name, question, *ours, *cells(source, reports, "fields")))
    return lines
