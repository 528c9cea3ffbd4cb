"""Puts the same two questions to azmfa and its rivals: checks every answer, then times.

    python3 benches/peers/run.py DIR --azmfa target/release/azmfa --python VENV/bin/python

DIR holds what `generate.py` wrote. An engine whose version is not the expected one, or whose answer
is not exactly the one in expected.json, is reported and never timed. See benches/README.md.
"""

import argparse
import csv
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = "azmfa"
QUESTIONS = ("q1", "q2")
START_UP_RUNS = 5
MEGABYTE = 1_000_000
FLOORS = {
    "cat": ["cat", "{input}"],
    "wc -l": ["wc", "-l", "{input}"],
    "rg -c -F": ["rg", "-c", "-F", "policies/audit/action", "{input}"],
}
CSV_COLUMNS = [
    "time", "commit", "machine", "input", "bytes", "records", "question", "engine", "setting", "version",
    "threads", "phase", "pair", "run", "wall_s", "user_s", "sys_s", "peak_rss_bytes", "peak_anonymous_bytes",
]  # fmt: skip


class Failed(Exception):
    """An engine that could not run or was wrong; the text says why."""


class Engine:
    """One rival in one setting, with the commands of engines.json."""

    def __init__(self, entry, options):
        self.entry = entry
        self.name = entry["name"]
        self.label = f"{entry['name']} ({entry['setting']})"
        self.options = options
        environment = entry.get("environment", {})
        self.environment = {key: self.fill(value, "", "") for key, value in environment.items()}
        self.version = ""

    def fill(self, text, question, source):
        """One argument with its places filled; `{text:FILE}` is the content of a file."""
        text = text.replace("{q}", question).replace("{Q}", question.upper())
        content = re.fullmatch(r"\{text:(.+)\}", text)
        if content:
            return (HERE / content[1]).read_text("utf-8").strip()
        options = self.options
        places = {"azmfa": options.azmfa, "python": options.python, "here": HERE, "threads": options.threads}
        for name, value in (places | {"input": source}).items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def command(self, parts, question="", source=""):
        return [self.fill(part, question, source) for part in parts]

    def check_version(self):
        """Reads the version; raises Failed if it is not the expected one."""
        try:
            command = self.command(self.entry["version"])
            found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed(f"cannot ask for its version: {error}") from error
        self.version = found.stdout.strip().splitlines()[0]
        if not self.version.startswith(self.entry["expect"]):
            raise Failed(f"version is {self.version}, expected {self.entry['expect']}")

    def runs(self, wanted):
        return min(wanted, self.entry.get("runs_at_most", wanted))


def measure(command, environment=None, sample=False, output=os.devnull):
    """Runs a command through measure.py; returns its report, or raises Failed."""
    shim = [sys.executable, "-S", "-E", str(HERE / "measure.py"), str(output), str(int(sample))]
    full = os.environ | (environment or {})
    done = subprocess.run(shim + command, stderr=subprocess.PIPE, text=True, env=full)
    lines = done.stderr.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise Failed(f"did not start: {lines[-1] if lines else command[0]}")
    report = json.loads(lines[-1])
    if report["exit"] != 0:
        raise Failed(f"exit code {report['exit']}: {' / '.join(lines[:-1][-3:])}")
    return report


def read_answer(path, has_header):
    """An engine's CSV as sorted rows, the last cell a number."""
    with open(path, encoding="utf-8", newline="") as text:
        rows = list(csv.reader(text))[1 if has_header else 0 :]
    try:
        return sorted([*row[:-1], int(row[-1])] for row in rows)
    except (ValueError, IndexError) as error:
        raise Failed(f"answer has a row without a count: {error}") from error


def check(engine, shape, question, expected, source):
    """Runs once, compares the answer cell by cell, and returns the run with its memory."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as output:
        command = engine.command(engine.entry["ask"][shape], question, source)
        report = measure(command, engine.environment, True, output.name)
        answer = read_answer(output.name, engine.entry["header"])
    if answer != expected:
        total, wanted = sum(row[-1] for row in answer), sum(row[-1] for row in expected)
        raise Failed(
            f"wrong answer: {len(answer)} rows with sum {total}, expected {len(expected)} rows with sum {wanted}"
        )
    return report


def machine():
    """Processor and cores, as words for a folder name."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found[1] if found else model
    words = re.sub(r"\((?:r|tm)\)", "", model.lower())
    return re.sub(r"[^a-z0-9]+", "-", f"{words} {os.cpu_count()} cores").strip("-")


def commit():
    """The commit that was measured, or empty outside a checkout."""
    try:
        command = ["git", "-C", str(HERE), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


class Bench:
    """One run over all inputs, questions and engines; keeps every single measurement."""

    def __init__(self, options):
        self.options = options
        self.rows = []
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self.constant = {"commit": commit(), "machine": machine(), "threads": options.threads}
        self.expected = json.loads((options.directory / "expected.json").read_text("utf-8"))

    def keep(self, report, **what):
        """Adds one measurement to the record."""
        moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        self.rows.append(
            self.constant
            | {"time": moment}
            | what
            | {
                "wall_s": f"{report['wall']:.4f}",
                "user_s": f"{report['user']:.4f}",
                "sys_s": f"{report['sys']:.4f}",
                "peak_rss_bytes": report["rss"],
                "peak_anonymous_bytes": report["anonymous"] or "",
            }
        )

    def ready(self, engines):
        """The engines whose version is right, with their start-up times."""
        usable = []
        for engine in engines:
            try:
                engine.check_version()
                command = engine.command(engine.entry["start_up"])
                measure(command, engine.environment)
                walls = []
                for run in range(START_UP_RUNS):
                    report = measure(command, engine.environment)
                    self.keep(report, **self.name(engine), phase="start-up", run=run)
                    walls.append(report["wall"])
                engine.start_up = statistics.median(walls)
                usable.append(engine)
                say(f"{engine.label} {engine.version}: start-up {engine.start_up:.3f} s")
            except Failed as reason:
                say(f"{engine.label}: NOT RUN, {reason}")
        return usable

    def name(self, engine):
        return {"engine": engine.name, "setting": engine.entry["setting"], "version": engine.version}

    def floors(self, shape, source):
        """What only reading costs."""
        lines = []
        for label, parts in FLOORS.items():
            if not shutil.which(parts[0]):
                continue
            command = [part.replace("{input}", str(source)) for part in parts]
            reports = [measure(command) for _ in range(self.options.runs)]
            for run, report in enumerate(reports):
                self.keep(report, **self.input(shape), engine=label, phase="floor", run=run)
            lines.append(f"| {label} | {spread([report['wall'] for report in reports])} |")
        return ["", f"Floors on {shape}:", "", "| command | wall s |", "|---|---|", *lines]

    def input(self, shape):
        facts = self.expected[shape]
        return {"input": shape, "bytes": facts["bytes"], "records": facts["records"]}

    def checked(self, shape, question, engines, source):
        """The engines whose answer is right, each with its memory."""
        right = []
        for engine in engines:
            try:
                report = check(engine, shape, question, self.expected[shape][question], source)
            except Failed as reason:
                say(f"{shape} {question} {engine.label}: NOT TIMED, {reason}")
                continue
            self.keep(report, **self.input(shape), **self.name(engine), question=question, phase="check")
            say(f"{shape} {question} {engine.label}: answer is right, {report['wall']:.2f} s unscored")
            right.append((engine, report))
        return right

    def timed(self, shape, question, engine, source, pair, run):
        """One scored run."""
        command = engine.command(engine.entry["ask"][shape], question, source)
        report = measure(command, engine.environment)
        what = self.input(shape) | self.name(engine)
        self.keep(report, **what, question=question, phase="timed", pair=pair, run=run)
        return report

    def compare(self, shape, question, engines, source):
        """Checks, then times each rival in turn with ours; returns rows of Markdown."""
        right = self.checked(shape, question, engines, source)
        if self.options.check_only:
            return []
        ours = next((pair for pair in right if pair[0].name == OURS), None)
        rivals = [pair for pair in right if pair[0].name != OURS]
        lines = []
        our_walls = []
        for rival, memory in rivals:
            reports = {OURS: [], rival.label: []}
            for run in range(rival.runs(self.options.runs)):
                for engine in [ours[0], rival] if ours else [rival]:
                    key = OURS if engine.name == OURS else rival.label
                    reports[key].append(self.timed(shape, question, engine, source, rival.label, run))
            our_walls += [report["wall"] for report in reports[OURS]]
            lines.append(self.line(shape, question, rival, reports[rival.label], memory, ours, reports[OURS]))
        if ours and not rivals:
            reports = [
                self.timed(shape, question, ours[0], source, OURS, run) for run in range(self.options.runs)
            ]
            our_walls = [report["wall"] for report in reports]
        if ours and our_walls:
            own = [{"wall": wall, "user": 0, "sys": 0, "rss": ours[1]["rss"]} for wall in our_walls]
            lines.insert(0, self.line(shape, question, *ours[:1], own, ours[1], None, None))
        return lines

    def line(self, shape, question, engine, reports, memory, ours, our_reports):
        """One row of the table."""
        walls = [report["wall"] for report in reports]
        wall = statistics.median(walls)
        cells = [shape, question, engine.label, spread(walls), f"{self.expected[shape]['bytes'] / wall / 1e9:.2f}"]
        cells.append(f"{max(report['rss'] for report in reports) / MEGABYTE:.0f}")
        cells.append(f"{memory['anonymous'] / MEGABYTE:.0f}")
        if ours and our_reports:
            our_wall = statistics.median(report["wall"] for report in our_reports)
            ours_alone = max(our_wall - ours[0].start_up, 1e-3)
            cells.append(f"{wall / our_wall:.1f}×")
            cells.append(f"{max(wall - engine.start_up, 0) / ours_alone:.1f}×")
        else:
            cells += ["", ""]
        return "| " + " | ".join(cells) + " |"

    def write_record(self):
        """Writes every measurement; a second run on the same day gets a number."""
        folder = HERE.parent / "record" / self.constant["machine"]
        folder.mkdir(parents=True, exist_ok=True)
        day = self.started.date().isoformat()
        names = [f"{day}.csv", *(f"{day}-{number}.csv" for number in range(2, 1000))]
        path = next(folder / name for name in names if not (folder / name).exists())
        with open(path, "w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        return path


def spread(walls):
    """Median, and smallest to largest if there is more than one."""
    if len(walls) == 1:
        return f"{walls[0]:.3f} (n=1)"
    return f"{statistics.median(walls):.3f} [{min(walls):.3f}–{max(walls):.3f}] n={len(walls)}"


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory", type=Path, help="folder written by generate.py")
    parser.add_argument("--azmfa", type=Path, default=HERE.parents[1] / "target/release/azmfa")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="Python with requirements.txt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each side of a pair")
    parser.add_argument("--engines", default="", help="only these, comma-separated names")
    parser.add_argument("--inputs", default="az,nd", help="only these shapes, comma-separated")
    parser.add_argument("--check-only", action="store_true", help="compare answers, time nothing")
    parser.add_argument("--no-record", action="store_true", help="write no file under benches/record")
    return parser.parse_args()


def main():
    options = arguments()
    entries = json.loads((HERE / "engines.json").read_text("utf-8"))
    names = set(options.engines.split(",")) if options.engines else {entry["name"] for entry in entries}
    bench = Bench(options)
    engines = bench.ready([Engine(entry, options) for entry in entries if entry["name"] in names])
    table, floors = [], []
    for shape in options.inputs.split(","):
        source = options.directory / bench.expected[shape]["file"]
        if source.stat().st_size != bench.expected[shape]["bytes"]:
            sys.exit(f"{source} is not the file that expected.json describes; generate it again")
        if not options.check_only:
            measure(["cat", str(source)])  # warms the page cache for every engine alike
            floors += bench.floors(shape, source)
        for question in QUESTIONS:
            table += bench.compare(shape, question, engines, source)
    if options.check_only:
        return
    print(f"{bench.constant['machine']}, {options.threads} threads, commit {bench.constant['commit'] or 'unknown'}")
    print(f"\nStart-up: {', '.join(f'{engine.label} {engine.start_up:.3f} s' for engine in engines)}\n")
    print("| input | question | engine | wall s | GB/s | peak RSS MB | peak anonymous MB | times ours | … without start-up |")
    print("|---|---|---|---|---|---|---|---|---|")
    print("\n".join(table + floors))
    if not options.no_record:
        print(f"\nRecord: {bench.write_record().relative_to(HERE.parents[1])}")


if __name__ == "__main__":
    main()
