"""What simdjson takes to read the same files on one core: the floor of any reader of JSON."""

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench import HERE, Failed, Side, measure, median, say, times

# Finding the structure and checking UTF-8; walking every record for three fields; reading all of every
# record.
MODES = ("structure", "fields", "whole")
LAYOUTS = {"az": "array", "nd": "lines"}


@functools.cache
def program(folder):
    """The program of `simdjson/floor.cpp`, built beside the generated files; None where it cannot be."""
    if not shutil.which("g++"):
        say("floor `simdjson` is left out: g++ is not installed")
        return None
    path = folder / "simdjson-floor"
    source = HERE / "simdjson" / "floor.cpp"
    built = subprocess.run(["g++", "-O3", "-march=native", source, "-o", path, "-lsimdjson"], capture_output=True, text=True)
    if built.returncode != 0:
        say(f"floor `simdjson` is left out: {built.stderr.strip().splitlines()[0]}")
        return None
    return path


def columns(*modes):
    """What tables say of some modes."""
    return [cell for mode in modes for cell in (f"simdjson {mode}, one core, wall s", "GB/s")]


def cells(source, reports, *modes):
    """The cells of these columns."""
    raced = [reports.get(f"simdjson {mode}") for mode in modes]
    speeds = [(times(each), f"{source.bytes / median(each) / 1e9:.2f}") if each else ("", "") for each in raced]
    return [cell for pair in speeds for cell in pair]


def simdjson(bench, source, shape, modes=MODES):
    """Its modes as sides of a race, once it has met every record; none where it cannot be built."""
    path = program(bench.options.directory)
    if not path:
        return []
    commands = {mode: [path, mode, LAYOUTS[shape], source.path] for mode in modes}
    for mode, command in commands.items():
        with tempfile.NamedTemporaryFile(suffix=".txt") as output:
            measure(command, output=output.name)
            words = Path(output.name).read_text("utf-8").split()
        if mode != "structure" and int(words[2]) != source.records:
            raise Failed(f"simdjson met {words[2]} records, generated were {source.records}")
    facts = source.facts() | {"phase": "floor", "threads": 1}
    return [Side(f"simdjson {mode}", command, facts=facts) for mode, command in commands.items()]
