"""Compressed input: one file, and several at once, against what only unpacking costs."""

import shutil

from bench import Side, line_of, median, say, table, times
from inputs import PACKERS, packed, packed_parts

TITLE = "Compressed input"


def run(bench):
    header = ["input", "work", "azmfa, wall s", "only unpacking, wall s", "share of it", "not compressed, wall s"]
    lines = table(*header)
    for packer in PACKERS:
        if not shutil.which(packer):
            say(f"{packer} is not installed, its rows are left out")
            continue
        for plain, source in [packed(bench, "nd", packer), packed_parts(bench, packer)]:
            bench.asked("q2", source)
            bench.reported(source)
            if bench.options.check_only:
                continue
            for work, command in {"q2": lambda paths: bench.query("q2", paths), "report": bench.report}.items():
                facts = bench.ours.facts() | {"question": work}
                sides = [
                    Side("packed", command(source.paths), facts=facts),
                    Side("unpack", [packer, "-dc", *source.paths], facts={"phase": "floor", "engine": packer}),
                    Side("plain", command(plain.paths), facts=facts | {"setting": "not compressed"}),
                ]
                reports = bench.race(sides, **source.facts(), pair="packed")
                share = median(reports["packed"]) / median(reports["unpack"])
                walls = [times(reports["packed"]), times(reports["unpack"]), f"{share:.2f}×", times(reports["plain"])]
                lines.append(line_of(source.name, work, *walls))
    return lines
