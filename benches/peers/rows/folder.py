"""A folder of many small files, as a diagnostic setting leaves them, against one file of the same bytes."""

from bench import OURS, Side, line_of, median, table, times
from inputs import folder

TITLE = "Many small files"


def run(bench):
    lines = table("files", "bytes each", "work", "folder, wall s", "one file, wall s", "times as long", "cat all, wall s")
    whole, source = folder(bench)
    bench.asked("q2", source)
    bench.reported(source)
    if bench.options.check_only:
        return []
    count = sum(1 for path in source.path.rglob("PT1H.json"))
    cat = ["bash", "-c", 'find "$1" -name PT1H.json -print0 | xargs -0 cat', "cat", source.path]
    for work, command in {"q2": lambda paths: bench.query("q2", paths), "report": bench.report}.items():
        facts = bench.ours.facts() | {"question": work}
        sides = [
            Side(OURS, command(source.paths), facts=facts | {"setting": "folder"}),
            Side("whole", command(whole.paths), facts=facts | {"setting": "one file"}),
            Side("cat", cat, facts={"phase": "floor"}),
        ]
        reports = bench.race(sides, **(whole.facts() | {"input": source.name}), pair="folder")
        longer = median(reports[OURS]) / median(reports["whole"])
        cells = [work, times(reports[OURS]), times(reports["whole"]), f"{longer:.2f}×", times(reports["cat"])]
        lines.append(line_of(f"{count:,}", f"{whole.bytes // count:,}", *cells))
    return lines
