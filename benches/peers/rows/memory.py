"""Peak private memory, at the generated size and at `--big`: array, `value` page, lines, and piped."""

from bench import MEGABYTE, line_of, say, table
from inputs import FORMS, enlarged

TITLE = "Peak private memory"


def run(bench):
    smallest = bench.expected["nd"]["bytes"]
    sizes = [smallest, *([bench.options.big] if bench.options.big else [])]
    header = ["form", "work", *(f"{size / 1e9:.0f} GB: anonymous MB (wall s)" for size in sizes), "growth"]
    lines = table(*header)
    cells = {}
    for form in FORMS:
        for size in sizes:
            with enlarged(bench, form, size) as source:
                for way, feed in {"": "", " piped": source.path}.items():
                    runs = {question: lambda q=question: bench.asked(q, source, feed, sample=True) for question in ("q1", "q2")}
                    runs["report"] = lambda: bench.reported(source, feed, sample=True)
                    for work, asked in runs.items():
                        report = asked()
                        say(f"{source.name}{way} {work}: answer is right, {report['anonymous'] / MEGABYTE:.0f} MB")
                        cells.setdefault((form + way, work), []).append(report)
    for (form, work), reports in cells.items():
        peaks = [report["anonymous"] for report in reports]
        shown = [f"{report['anonymous'] / MEGABYTE:.0f} ({report['wall']:.2f})" for report in reports]
        growth = f"{peaks[-1] / peaks[0] - 1:+.0%}" if len(peaks) > 1 else ""
        lines.append(line_of(form, work, *shown, growth))
    return lines
