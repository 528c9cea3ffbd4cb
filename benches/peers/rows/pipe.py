"""The default reports, and Q2, through a pipe: against the file itself and what a pipe alone costs."""

from bench import OURS, Side, line_of, median, table, times

TITLE = "Through a pipe"
ALLOWED = 1.3


def run(bench):
    header = ["input", "work", "pipe, wall s", "file, wall s", "a pipe alone, wall s", "allowed s", "share of it"]
    lines = table(*header)
    for shape in bench.options.inputs.split(","):
        source = bench.input(shape)
        bench.reported(source, feed=source.path)
        bench.asked("q2", source, feed=source.path)
        if bench.options.check_only:
            continue
        works = {"report": bench.report, "q2": lambda paths: bench.query("q2", paths)}
        for work, command in works.items():
            facts = bench.ours.facts() | {"question": work}
            sides = [
                Side("pipe", command(["-"]), feed=source.path, facts=facts | {"setting": "pipe"}),
                Side("file", command(source.paths), facts=facts | {"setting": "file"}),
                Side("cat | cat", ["cat"], feed=source.path, facts={"phase": "floor"}),
            ]
            reports = bench.race(sides, **source.facts(), pair="pipe")
            allowed = ALLOWED * median(reports["file"]) + median(reports["cat | cat"])
            walls = [times(reports[side.label]) for side in sides]
            share = median(reports["pipe"]) / allowed
            lines.append(line_of(shape, work, *walls, f"{allowed:.3f}", f"{share:.0%}"))
    return lines
