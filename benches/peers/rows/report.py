"""All default reports at once, against DuckDB answering Q2 alone."""

from bench import OURS, Side, line_of, median, ratio, say, table, times

TITLE = "Default reports"


def run(bench):
    lines = table("input", "azmfa report, wall s", "duckdb Q2 alone, wall s", "times ours", "… without start-up")
    rival = bench.rival("duckdb")
    for shape in bench.options.inputs.split(","):
        source = bench.input(shape)
        bench.reported(source)
        say(f"{shape}: default reports count every event")
        ours = Side(OURS, bench.report(source.paths), facts=bench.ours.facts() | {"question": "report"})
        sides = [ours]
        if rival and bench.checked(rival, "q2", shape, source):
            command = rival.ask(shape, "q2", source.path)
            sides.append(Side(rival.label, command, facts=rival.facts() | {"question": "q2"}))
        if bench.options.check_only:
            continue
        reports = bench.race(sides, **source.facts(), pair="report")
        cells = [shape, times(reports[OURS]), "", "", ""]
        if len(sides) > 1:
            theirs = reports[rival.label]
            cells[2:] = [times(theirs), *ratio(median(theirs), median(reports[OURS]), rival.start_up, bench.ours.start_up)]
        lines.append(line_of(*cells))
    return lines
