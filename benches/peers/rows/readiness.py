"""The readiness of everybody, from sign-ins and the events whose tokens they issued."""

from bench import HERE, MEGABYTE, OURS, Side, compare_answers, line_of, measure, read_answer, table, times
from inputs import linked

TITLE = "Readiness"
QUESTION = "readiness"


def run(bench):
    lines = table("input", "bytes", "wall s", "peak RSS MB", "peak anonymous MB")
    source = linked(bench, bench.options.linked)
    sql = (HERE / OURS / f"{QUESTION}.sql").read_text("utf-8").strip()
    command = [bench.options.azmfa, "query", sql, *source.paths, "--format", "csv", *bench.common()]
    answer = bench.options.directory / "readiness.csv"
    memory = measure(command, sample=True, output=answer)
    compare_answers(read_answer(answer, True), source.answers[QUESTION])
    if bench.options.check_only:
        return []
    reports = bench.race([Side(OURS, command, facts=bench.ours.facts())], **source.facts(), question=QUESTION)[OURS]
    resident = max(report["rss"] for report in reports) / MEGABYTE
    cells = [f"{source.bytes:,}", times(reports), f"{resident:.0f}", f"{memory['anonymous'] / MEGABYTE:.0f}"]
    return [*lines, line_of(source.name, *cells)]
