"""Inputs that are made from the generated files when a row first asks for them.

All stand in folders beside the generated files and are kept, but for the enlarged ones, which are
made one at a time and removed again. Their answers follow from those of the generated files.
"""

import itertools
import json
import subprocess
import sys
from contextlib import contextmanager

from bench import HERE, MEGABYTE, Failed, Input, measure, read_answer, say
from enlarge import FORMS, enlarge

__all__ = ["FORMS", "PACKERS", "enlarged", "few", "folder", "linked", "normalised", "packed", "packed_parts", "shuffled", "sign_ins"]

# How each is told to compress a file to standard output, at its default level.
PACKERS = {"gzip": ["gzip", "-n", "-c"], "zstd": ["zstd", "-q", "-c"]}
PARTS = 4
SMALL_BYTES = 100_000
FOLDER_BYTES = 200 * MEGABYTE
EVENTS_OF_TABLES = 10_000_000


def shuffled(bench, shape):
    """The same tenant and size with random key order at every level."""
    directory = bench.options.directory / "shuffled"
    described = directory / "expected.json"
    if not described.exists() or shape not in json.loads(described.read_text("utf-8")):
        say(f"writing {directory}/ for {shape}")
        size = str(bench.expected[shape]["bytes"])
        generator = [sys.executable, HERE / "generate.py", directory, "--bytes", size, "--shape", shape, "--shuffle"]
        subprocess.run([str(part) for part in generator], check=True, stdout=sys.stderr)
    source = bench.described(directory, json.loads(described.read_text("utf-8")), shape)
    source.name = f"{shape} shuffled"
    return source


def written(path, command):
    """`path` with what a command prints, written once."""
    if not path.exists():
        say(f"writing {path}")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        with open(partial, "wb") as out:
            subprocess.run([str(part) for part in command], stdout=out, check=True)
        partial.rename(path)
    return path


def packed(bench, shape, packer):
    """A generated file, and the same compressed."""
    plain = bench.input(shape)
    path = bench.options.directory / "packed" / f"{plain.path.name}.{packer}"
    written(path, [*PACKERS[packer], plain.path])
    return plain, Input(f"{shape} {packer}", [path], plain.records, plain.answers)


def lines_of(path, cuts):
    """Line-aligned pieces of a file of JSON lines that begin at about these offsets."""
    with open(path, "rb") as source:
        starts = []
        for cut in cuts:
            source.seek(cut)
            if cut:
                source.readline()
            starts.append(source.tell())
        source.seek(0)
        for start, end in itertools.pairwise([*starts, None]):
            source.seek(start)
            yield source.read() if end is None else source.read(end - start)


def packed_parts(bench, packer):
    """The lines in several files, and the same compressed."""
    plain = bench.input("nd")
    folder = bench.options.directory / "packed"
    paths = [folder / f"part-{number}.ndjson" for number in range(PARTS)]
    if not all(path.exists() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        cuts = [plain.bytes * number // PARTS for number in range(PARTS)]
        for path, text in zip(paths, lines_of(plain.path, cuts)):
            path.write_bytes(text)
    compressed = [written(path.with_name(f"{path.name}.{packer}"), [*PACKERS[packer], path]) for path in paths]
    whole = Input(f"nd, {PARTS} files", paths, plain.records, plain.answers)
    return whole, Input(f"nd {packer}, {PARTS} files", compressed, plain.records, plain.answers)


def sign_ins(bench, form):
    """Sign-ins of the same size as the generated files: `si`, one array, or `sn`, lines."""
    directory = bench.options.directory / "sign-ins"
    described = directory / "expected.json"
    if not described.exists() or form not in json.loads(described.read_text("utf-8")):
        say(f"writing {directory}/ for {form}")
        size = str(bench.expected["nd"]["bytes"])
        generator = [sys.executable, HERE / "sign_ins.py", directory, "--bytes", size, "--form", form]
        subprocess.run([str(part) for part in generator], check=True, stdout=sys.stderr)
    facts = json.loads(described.read_text("utf-8"))[form]
    return Input(form, [directory / facts["file"]], facts["records"], {"q3": facts["q3"]})


def linked(bench, count):
    """As many sign-ins and as many events, whose tokens those sign-ins issued."""
    directory = bench.options.directory / f"linked-{count}"
    described = directory / "expected.json"
    if not described.exists():
        say(f"writing {directory}/")
        generator = [sys.executable, HERE / "sign_ins.py", directory, "--linked", count]
        subprocess.run([str(part) for part in generator], check=True, stdout=sys.stderr)
    facts = json.loads(described.read_text("utf-8"))["linked"]
    paths = [directory / name for name in facts["files"]]
    return Input(f"{count:,} sign-ins and events", paths, facts["records"], {"readiness": facts["readiness"]})


def reduced(bench, name, byte_count):
    """The first lines of the generated file; their answers are those of our own run on one thread.

    The questions of the whole file are checked against the generator elsewhere; here it matters
    that both ways of cutting the same lines give the same answers.
    """
    plain = bench.input("nd")
    path = bench.options.directory / "small" / f"{name}.ndjson"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(plain.path, "rb") as source:
            path.write_bytes(source.read(byte_count).rpartition(b"\n")[0] + b"\n")
    records = path.read_bytes().count(b"\n")
    return path, records


def few(bench, count):
    """The first events of the generated lines, in a file of their own."""
    path = bench.options.directory / "small" / f"first-{count}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(bench.input("nd").path, "rb") as source:
        path.write_bytes(b"".join(itertools.islice(source, count)))
    return Input(f"{count} events", [path], count)


def folder(bench):
    """Many small files in folders by hour, and one file with the same lines."""
    path, records = reduced(bench, "whole", FOLDER_BYTES)
    whole = Input("one file", [path], records, {"q2": answer_of(bench, path)})
    root = path.with_name("folder")
    if not root.exists():
        say(f"writing {root}/")
        for number, text in enumerate(lines_of(path, range(0, path.stat().st_size, SMALL_BYTES))):
            day, hour = divmod(number, 24)
            small = root / f"resourceId=/SUBSCRIPTIONS/0/d={day:05d}/h={hour:02d}/m=00/PT1H.json"
            small.parent.mkdir(parents=True)
            small.write_bytes(text)
    return whole, Input("folder", [root], records, whole.answers)


def answer_of(bench, path):
    """Q2 by DuckDB, so that our own program is not its own witness."""
    rival = bench.rival("duckdb")
    if not rival:
        raise Failed("the answer of this row is DuckDB's, which does not run")
    answer = path.with_suffix(".q2.csv")
    if not answer.exists():
        measure(rival.ask("nd", "q2", path), output=answer)
    return read_answer(answer, True)


@contextmanager
def enlarged(bench, form, byte_count):
    """A generated file repeated, later in time and with ids of its own, until it is large enough."""
    plain = bench.input(FORMS[form].shape)
    copies = max(1, round(byte_count / plain.bytes))
    path = bench.options.directory / "enlarged" / f"{form}-{copies}"
    path.parent.mkdir(parents=True, exist_ok=True)
    say(f"writing {path}")
    try:
        enlarge(plain.path, FORMS[form], copies, path)
        answers = {question: [[*row[:-1], row[-1] * copies] for row in rows] for question, rows in plain.answers.items()}
        yield Input(f"{form} ×{copies}", [path], plain.records * copies, answers)
    finally:
        path.unlink(missing_ok=True)


def normalised(bench):
    """Tables of ten million events: those of the generated lines, repeated as `enlarged` repeats.

    The whole folder is the input, as one run wrote it: so the tables are queried where they are.
    """
    folder = bench.options.directory / "tables"
    plain = bench.input("nd")
    copies = -(-EVENTS_OF_TABLES // plain.records)
    base, big = folder / "base", folder / f"x{copies}"
    azmfa = bench.options.azmfa
    if not (big / "run.parquet").exists():
        say(f"writing {big}/")
        big.mkdir(parents=True, exist_ok=True)
        run = lambda *parts: subprocess.run([str(part) for part in parts], check=True)  # noqa: E731
        run(azmfa, "convert", plain.path, "-o", base, "--force", "-qq")
        run(bench.options.python, HERE / "duckdb" / "repeat.py", base, folder / "raw", copies)
        run(azmfa, "convert", folder / "raw", "-o", big, "--force", "-qq")
    return Input(f"{plain.records * copies:,} events", [big], plain.records * copies), big
