"""Repeats a generated file quickly, so that no two events of the result are the same event.

Each copy has ids of its own (the first four digits of event, operation and correlation ids are the
number of the copy) and times of its own (each copy covers the days after, or in the array before,
those of the one before it), as a longer export would have them. Everything else is the same bytes,
so every answer is that of one copy times the number of copies. A gigabyte takes about a second,
after half a minute of finding the places.

    python3 benches/peers/enlarge.py FORM COPIES SOURCE TARGET
"""

import datetime
import re
import sys
from dataclasses import dataclass

PLACES = re.compile(
    rb'"(?:(time|eventTimestamp|submissionTimestamp)|correlationId|eventDataId|operationId)": ?"'
)
DAY_BYTES, ID_BYTES = 10, 4


@dataclass
class Form:
    """How copies are put together: what stands before, between and after them."""

    shape: str
    first: bytes
    between: bytes
    last: bytes
    # Days by which each copy is later than the one before it; exports by the CLI go back in time.
    is_newest_first: bool


FORMS = {
    "array": Form("az", b"[\n", b",\n", b"\n]\n", True),
    "page": Form("az", b'{\n"value": [\n', b",\n", b"\n]\n}\n", True),
    "lines": Form("nd", b"", b"\n", b"\n", False),
}


def pieces_of(text):
    """The text cut at what changes from copy to copy: (unchanged, what follows) in turn, then the rest."""
    unchanged, changing, at = [], [], 0
    for found in PLACES.finditer(text):
        start = found.end()
        end = start + (DAY_BYTES if found[1] else ID_BYTES)
        unchanged.append(text[at:start])
        changing.append(text[start:end])
        at = end
    return unchanged, changing, text[at:]


def enlarge(source, form, copies, target):
    """Writes `copies` copies of the records of a generated file to `target`."""
    text = source.read_bytes()
    start, end = (2, len(text) - 3) if form.shape == "az" else (0, len(text) - 1)
    unchanged, changing, rest = pieces_of(text[start:end])
    del text
    days = {value: datetime.date.fromisoformat(value.decode()) for value in set(changing) if len(value) == DAY_BYTES}
    span = (max(days.values()) - min(days.values())).days + 1
    with open(target, "wb", buffering=0) as out:
        out.write(form.first)
        for copy in range(copies):
            shift = datetime.timedelta(days=span * (-copy if form.is_newest_first else copy - copies + 1))
            later = {value: (day + shift).isoformat().encode() for value, day in days.items()}
            number = f"{copy:04x}".encode()
            parts = [None] * (2 * len(unchanged))
            parts[::2] = unchanged
            parts[1::2] = [later.get(value, number) for value in changing]
            out.write(form.between if copy else b"")
            for at in range(0, len(parts), 1 << 16):
                write_all(out, b"".join(parts[at : at + (1 << 16)]))
            out.write(rest)
        out.write(form.last)


def write_all(out, block):
    """Writes a block whole: an unbuffered file may take less at a time."""
    view = memoryview(block)
    while view:
        view = view[out.write(view) :]


if __name__ == "__main__":
    from pathlib import Path

    name, count, origin, result = sys.argv[1:]
    enlarge(Path(origin), FORMS[name], int(count), Path(result))
