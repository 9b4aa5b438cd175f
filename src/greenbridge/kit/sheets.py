"""Tables as files that people open in a spreadsheet: CSV with a byte order mark, or xlsx."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO, StringIO

import xlsxwriter

from greenbridge.kit.money import FEN_PER_YUAN, Fen

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
Cell = str | int | date | None
FORMULA = frozenset("=+-@\t\r")  # a cell that begins so would be run by the spreadsheet


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as CSV; amounts in yuan: `Fen(1234)` is 12.34."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(head)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str:
    if isinstance(cell, Fen):
        sign = "-" if cell < 0 else ""
        return f"{sign}{abs(cell) // FEN_PER_YUAN}.{abs(cell) % FEN_PER_YUAN:02d}"
    if isinstance(cell, str):
        return f"'{cell}" if cell[:1] in FORMULA else cell
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def as_xlsx(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as one xlsx sheet: amounts are numbers in yuan with two places, days are dates, words stay words (no formulas)."""
    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        bold, money, day = (book.add_format(how) for how in ({"bold": True}, {"num_format": "#,##0.00"}, {"num_format": "yyyy-mm-dd"}))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, head, bold)
        for at, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, Fen):
                    sheet.write_number(at, column, cell / FEN_PER_YUAN, money)
                elif isinstance(cell, date):
                    sheet.write_datetime(at, column, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                elif cell is not None:
                    sheet.write_number(at, column, cell)
        sheet.autofit()
    return file.getvalue()
