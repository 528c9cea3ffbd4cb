"""Reads a workbook that azmfa wrote with openpyxl, and with LibreOffice where it is there, and
compares every cell with the JSON of the same run.

Usage: xlsx.py BOOK.xlsx REPORT.json

Prints what was compared; any difference ends it with a message and a code other than 0.
"""

import csv
import datetime
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import openpyxl

WHOLE = re.compile(r"-?\d+")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
# Largest whole number that a double tells from its neighbours.
EXACT = 2**53


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def wanted(value, kind, is_figure):
    """A value of the JSON as a workbook holds it."""
    if value is None or value == "":
        return None
    if kind == "timestamp" or (is_figure and INSTANT.fullmatch(value)):
        return instant(value)
    if kind == "date":
        return datetime.datetime.fromisoformat(value)
    if is_figure and WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT:
        return str(value)
    return value


def is_same(found, expected):
    if isinstance(expected, datetime.datetime):
        # Readers round to milliseconds, which is what Excel shows at most.
        return isinstance(found, datetime.datetime) and abs(found - expected) <= datetime.timedelta(milliseconds=1)
    return type(found) is type(expected) and found == expected


def as_shown(expected):
    """What LibreOffice shows of it."""
    if expected is None:
        return ""
    if isinstance(expected, bool):
        return "TRUE" if expected else "FALSE"
    if isinstance(expected, int):
        return f"{expected:,}"
    if isinstance(expected, datetime.datetime):
        return f"{expected:%Y-%m-%d %H:%M:%S} UTC"
    return expected


def table(page):
    columns = [(column["name"], column["type"]) for column in page["columns"]]
    is_figures = {"metric", "value"} <= {name for name, _ in columns}
    return [
        [wanted(row[name], kind, is_figures and name == "value") for name, kind in columns]
        for row in page["rows"]
    ]


def check_sheet(sheet, page):
    names = [column["name"] for column in page["columns"]]
    cells = list(sheet.iter_rows())
    header, rows = cells[0], cells[1:]
    assert [cell.value for cell in header] == names, (page["report"], [cell.value for cell in header])
    assert all(cell.font.bold for cell in header)
    assert sheet.freeze_panes == "A2", sheet.freeze_panes
    last = f"{openpyxl.utils.get_column_letter(len(names))}{len(page['rows']) + 1}"
    assert sheet.auto_filter.ref == f"A1:{last}", sheet.auto_filter.ref
    expected = table(page)
    assert len(rows) == len(expected), (page["report"], len(rows), len(expected))
    for number, (row, wanted_row) in enumerate(zip(rows, expected)):
        for cell, value, column in zip(row, wanted_row, page["columns"]):
            where = f"{page['report']}, row {number}, {column['name']}"
            assert cell.data_type != "f", f"{where}: a formula"
            assert is_same(cell.value, value), f"{where}: {cell.value!r}, not {value!r}"
            if isinstance(value, datetime.datetime) and column["type"] != "date":
                assert "UTC" in cell.number_format, f"{where}: {cell.number_format}"
    coloured = [name for name in names if name.startswith("non_mfa") or name in ("mfa", "verdict")]
    if coloured and expected:
        ranges = {str(entry.sqref).split(":")[0] for entry in sheet.conditional_formatting}
        for name in coloured:
            place = f"{openpyxl.utils.get_column_letter(names.index(name) + 1)}2"
            assert place in ranges, f"{page['report']}: {name} has no colours"
    return len(expected) * len(names)


def check_libreoffice(soffice, book, pages):
    """The cells as shown, sheet by sheet, as CSV."""
    with tempfile.TemporaryDirectory() as folder:
        # comma, quote, UTF-8, from line 1, …, quote all text no, detect no, as shown, …, all sheets
        options = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,false,true,false,false,-1"
        subprocess.run(
            [soffice, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", options,
             "--outdir", folder, book],
            check=True, capture_output=True, timeout=300,
        )
        cells = 0
        for page in pages:
            path = pathlib.Path(folder) / f"{book.stem}-{page['report']}.csv"
            with path.open(encoding="utf-8", newline="") as file:
                header, *rows = csv.reader(file)
            assert header == [column["name"] for column in page["columns"]], header
            expected = [[as_shown(value) for value in row] for row in table(page)]
            for number, (row, wanted_row) in enumerate(zip(rows, expected, strict=True)):
                dates = [column["type"] == "date" for column in page["columns"]]
                wanted_row = [text[:10] if is_date else text for text, is_date in zip(wanted_row, dates)]
                assert row == wanted_row, f"LibreOffice: {page['report']}, row {number}:\n{row}\n{wanted_row}"
                cells += len(row)
        return cells


def main(book, report):
    book = pathlib.Path(book)
    told = json.loads(pathlib.Path(report).read_text("utf-8"))
    pages = told.get("reports", [told])
    workbook = openpyxl.load_workbook(book)
    names = [page["report"] for page in pages]
    assert workbook.sheetnames[: len(names)] == names, workbook.sheetnames
    assert workbook.sheetnames[-1] == "About", workbook.sheetnames
    cells = sum(check_sheet(workbook[page["report"]], page) for page in pages)
    about = {row[0].value: row[1].value for row in workbook["About"].iter_rows() if row[0].value}
    balance = pages[0]["accounting"]
    assert about["records"] == balance["records"] and about["+ duplicates"] == balance["duplicates"], about
    if "Charts" in workbook.sheetnames:
        assert workbook["Charts"]._charts, "the sheet of charts has none"
    print(f"{cells} cells as openpyxl reads them")
    soffice = shutil.which("soffice")
    if soffice:
        print(f"{check_libreoffice(soffice, book, pages)} cells as LibreOffice shows them")
    else:
        print("LibreOffice is not installed: only openpyxl has read the workbook")


if __name__ == "__main__":
    main(*sys.argv[1:])
