"""What every row of the benchmark shares: running, checking, keeping each measurement, and tables."""

import csv
import datetime
import functools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = "azmfa"
MEGABYTE = 1_000_000
START_UP_RUNS = 5
CSV_COLUMNS = [
    "time", "commit", "machine", "input", "bytes", "records", "question", "engine", "setting", "version",
    "threads", "phase", "pair", "run", "wall_s", "user_s", "sys_s", "peak_rss_bytes", "peak_anonymous_bytes",
]  # fmt: skip


class Failed(Exception):
    """An engine that could not run or was wrong; the text says why."""


@dataclass
class Input:
    """A file, or several, and what is known of them."""

    name: str
    paths: list
    records: int
    answers: dict = field(default_factory=dict)

    @property
    def path(self):
        return self.paths[0]

    @property
    def bytes(self):
        return sum(Path(path).stat().st_size for path in self.paths)

    def facts(self):
        return {"input": self.name, "bytes": self.bytes, "records": self.records}


@functools.cache
def warm(path):
    """Has the page cache hold a file as it holds what was read, not as its writer left it there.

    Written pages lie about one by one; read ahead, they come in large pieces, which every engine
    reads in half the system time. How a file came into the cache is not to decide between runs.
    """
    with open(path, "rb", buffering=0) as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(1 << 20):
            pass


@dataclass
class Side:
    """One of the commands that are timed in turn."""

    label: str
    command: list
    environment: dict = None
    feed: object = ""
    facts: dict = field(default_factory=dict)


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
        self.start_up = 0.0

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

    def ask(self, shape, question, source):
        """The command that answers a question of a file."""
        return self.command(self.entry["ask"][shape], question, source)

    def facts(self):
        return {"engine": self.name, "setting": self.entry["setting"], "version": self.version}

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


def measure(command, environment=None, sample=False, output=os.devnull, feed=""):
    """Runs a command through measure.py; returns its report, or raises Failed."""
    shim = [sys.executable, "-S", "-E", str(HERE / "measure.py"), str(output), str(int(sample)), str(feed)]
    full = os.environ | (environment or {})
    parts = [str(part) for part in command]
    done = subprocess.run(shim + parts, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=full)
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


def compare_answers(answer, expected):
    """Raises Failed unless two answers are equal cell by cell."""
    if answer != expected:
        total, wanted = sum(row[-1] for row in answer), sum(row[-1] for row in expected)
        raise Failed(
            f"wrong answer: {len(answer)} rows with sum {total}, expected {len(expected)} rows with sum {wanted}"
        )


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
    """One run over the chosen rows; keeps every single measurement."""

    def __init__(self, options, engines):
        self.options = options
        self.rows = []
        self.started = datetime.datetime.now(datetime.timezone.utc)
        self.constant = {"commit": commit(), "machine": machine(), "threads": options.threads}
        self.expected = json.loads((options.directory / "expected.json").read_text("utf-8"))
        self.engines = self._ready(engines)

    @property
    def ours(self):
        """Our own program; without it there is nothing to compare with."""
        for engine in self.engines:
            if engine.name == OURS:
                return engine
        raise Failed("azmfa itself is not among the engines that run")

    def rival(self, name):
        """The first setting of a rival that runs, or None."""
        return next((engine for engine in self.engines if engine.name == name), None)

    def input(self, shape):
        """A generated file, if it is the one that expected.json describes."""
        return self.described(self.options.directory, self.expected, shape)

    def described(self, folder, expected, shape):
        facts = expected[shape]
        path = folder / facts["file"]
        if not path.exists() or path.stat().st_size != facts["bytes"]:
            raise Failed(f"{path} is not the file that expected.json describes; generate it again")
        warm(path)
        return Input(shape, [path], facts["records"], {"q1": facts["q1"], "q2": facts["q2"]})

    def keep(self, report, **what):
        """Adds one measurement to the record."""
        moment = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        row = self.constant | {"time": moment} | what
        row |= {f"{clock}_s": f"{report[clock]:.4f}" for clock in ("wall", "user", "sys")}
        row |= {"peak_rss_bytes": report["rss"], "peak_anonymous_bytes": report["anonymous"] or ""}
        self.rows.append(row)

    def _ready(self, engines):
        """The engines whose version is right, with their start-up times."""
        usable = []
        for engine in engines:
            try:
                engine.check_version()
                side = Side(engine.label, engine.command(engine.entry["start_up"]), engine.environment)
                side.facts = engine.facts() | {"phase": "start-up"}
                measure(side.command, side.environment)
                reports = self.race([side], START_UP_RUNS)[side.label]
                engine.start_up = statistics.median(walls(reports))
                usable.append(engine)
                say(f"{engine.label} {engine.version}: start-up {engine.start_up:.3f} s")
            except Failed as reason:
                say(f"{engine.label}: NOT RUN, {reason}")
        return usable

    def race(self, sides, runs=None, **what):
        """Times the sides in turn, so that a machine that drifts slows all; returns their reports."""
        reports = {side.label: [] for side in sides}
        for run in range(runs or self.options.runs):
            for side in sides:
                report = measure(side.command, side.environment, feed=side.feed)
                facts = {"phase": "timed", "engine": side.label} | what | side.facts
                self.keep(report, **facts, run=run)
                reports[side.label].append(report)
        return reports

    def checked(self, engine, question, shape, source):
        """Runs once with memory looked at, and compares the answer; None if it is wrong."""
        try:
            with tempfile.NamedTemporaryFile(suffix=".csv") as output:
                command = engine.ask(shape, question, source.path)
                report = measure(command, engine.environment, True, output.name)
                answer = read_answer(output.name, engine.entry["header"])
            compare_answers(answer, source.answers[question])
        except Failed as reason:
            say(f"{source.name} {question} {engine.label}: NOT TIMED, {reason}")
            return None
        self.keep(report, **source.facts(), **engine.facts(), question=question, phase="check")
        say(f"{source.name} {question} {engine.label}: answer is right, {report['wall']:.2f} s unscored")
        return report

    def asked(self, question, source, feed="", threads=None, sample=False):
        """Puts a question to our program over any input; raises Failed unless the answer is right."""
        with tempfile.NamedTemporaryFile(suffix=".csv") as output:
            command = self.query(question, source.paths if not feed else ["-"], threads)
            report = measure(command, sample=sample, output=output.name, feed=feed)
            compare_answers(read_answer(output.name, True), source.answers[question])
        self.keep(report, **source.facts(), engine=OURS, question=question, phase="check")
        return report

    def query(self, question, paths, threads=None):
        """Our command for a question."""
        sql = (HERE / OURS / f"{question}.sql").read_text("utf-8").strip()
        return [self.options.azmfa, "query", sql, *paths, "--format", "csv", *self.common(threads)]

    def report(self, paths, threads=None):
        """Our command for the default reports."""
        return [self.options.azmfa, "report", *paths, *self.common(threads)]

    def reported(self, source, feed="", threads=None, sample=False):
        """Runs the default reports; raises Failed unless every record became an event."""
        with tempfile.NamedTemporaryFile(suffix=".json") as output:
            command = self.report(["-"] if feed else source.paths, threads) + ["--format", "json"]
            report = measure(command, sample=sample, output=output.name, feed=feed)
            pages = json.loads(Path(output.name).read_text("utf-8"))["reports"]
        metrics = {row["metric"]: row["value"] for row in pages[0]["rows"]}
        if metrics.get("events") != str(source.records):
            raise Failed(f"the summary counts {metrics.get('events')} events, generated were {source.records}")
        self.keep(report, **source.facts(), engine=OURS, question="report", phase="check")
        return report

    def common(self, threads=None):
        return ["-q", "--threads", str(threads or self.options.threads)]

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


def walls(reports):
    return [report["wall"] for report in reports]


def median(reports):
    return statistics.median(walls(reports))


def processor(reports):
    """Median of the processor seconds."""
    return statistics.median(report["user"] + report["sys"] for report in reports)


def spread(times):
    """Median, and smallest to largest if there is more than one."""
    if len(times) == 1:
        return f"{times[0]:.3f} (n=1)"
    return f"{statistics.median(times):.3f} [{min(times):.3f}–{max(times):.3f}] n={len(times)}"


def times(reports):
    return spread(walls(reports))


def ratio(theirs, ours, their_start, our_start):
    """How many times ours fits into theirs, as it is and without either's start-up."""
    alone = max(theirs - their_start, 0) / max(ours - our_start, 1e-3)
    return f"{theirs / ours:.1f}×", f"{alone:.1f}×"


def table(*header):
    """The head of a Markdown table."""
    return [line_of(*header), "|" + "---|" * len(header)]


def line_of(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def say(text):
    print(text, file=sys.stderr, flush=True)
