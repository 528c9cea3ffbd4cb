"""The views that reports share, as the repository has them in `queries/views/`."""

from pathlib import Path

VIEWS = Path(__file__).resolve().parents[2] / "queries" / "views"


def reads(sql):
    """The tables that the header of a query names."""
    names = [line.removeprefix("-- reads:") for line in sql.splitlines() if line.startswith("-- reads:")]
    return set(" ".join(names).replace(",", " ").split())


def views():
    """Name and SQL of each view, after those that it reads."""
    waiting = {path.stem: path.read_text("utf-8") for path in sorted(VIEWS.glob("*.sql"))}
    while waiting:
        name = next(name for name, sql in waiting.items() if not reads(sql) & waiting.keys())
        yield name, waiting.pop(name)
