"""Files as tables: CSV (any usual separator and encoding, packed or not) and Parquet."""

import csv
import gzip
from pathlib import Path

import pandas as pd

from ml.dataset_card import CardError, DatasetCard

FILE = "__file__"
MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "none", "?", ".", "-", "--", "#N/A", "无", "未知")
ENCODINGS = ("utf-8-sig", "gb18030", "latin-1")


def read(card: DatasetCard, folder: Path | None) -> pd.DataFrame:
    """Return the rows of all files of a card under each other, with the file's name as a column of its own. Raises CardError."""
    frames = []
    for name in card.get("data", "files"):
        path = find(card, name, folder)
        frame = _table(card, path)
        if frame.empty:
            raise card.error("data.files", f"names {name!r}, which holds no rows")
        frame.columns = [str(column).strip() for column in frame.columns]
        if twice := [c for c in frame.columns if list(frame.columns).count(c) > 1]:
            raise card.error("data.files", f"names {name!r}, which has the column {twice[0]!r} twice")
        frames.append(frame.copy().assign(**{FILE: name}))  # a wide CSV comes in pieces: whole again before it grows
    return pd.concat(frames, ignore_index=True)


def find(card: DatasetCard, name: str, folder: Path | None) -> Path:
    """Return the file beside the card, or else in the data folder. Raises CardError."""
    places = [card.path.parent / name, *([folder / name] if folder else [])]
    for place in places:
        if place.is_file():
            return place
    where = " or ".join(str(place.parent) for place in places)
    hint = "" if folder else " (say --data DIR, or set GREENBRIDGE_REAL_DATA)"
    raise card.error("data.files", f"names {name!r}, which is not in {where}{hint}")


def _table(card: DatasetCard, path: Path) -> pd.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return _csv(path, [str(m) for m in card.get("data", "missing_values", [])], card.get("data", "decimal", "."))
    except (OSError, ValueError, csv.Error) as problem:  # pandas' and pyarrow's errors of content are ValueErrors
        reason = str(problem).splitlines()[0].rstrip(".") if str(problem) else type(problem).__name__
        raise CardError(f"{path}: the file cannot be read as {path.suffix.removeprefix('.') or 'a table'}: {reason}.") from problem


def _csv(path: Path, missing: list[str], decimal: str) -> pd.DataFrame:
    packed = path.suffix == ".gz"
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        head = file.read(1 << 16)
    for encoding in ENCODINGS:
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError as problem:
            if problem.start < len(head) - 4:  # not just a character cut in two at the end
                continue
            text = head[: problem.start].decode(encoding)
        try:
            return pd.read_csv(
                path, sep=_separator(text), encoding=encoding, na_values=[*MISSING, *missing], keep_default_na=False,
                skipinitialspace=True, low_memory=False, decimal=decimal,
            )  # fmt: skip
        except UnicodeDecodeError:
            continue
    raise ValueError("no known encoding fits")


def _separator(text: str) -> str:
    """Return the separator that cuts the first lines into equally many parts, the most of them: `"a;b;c"` gives `;`."""
    lines = text.splitlines()[:20]
    if len(lines) > 2:
        lines = lines[:-1]  # it may be cut short
    best, parts = ",", 1
    for candidate in (",", ";", "\t", "|"):
        counts = {len(row) for row in csv.reader(lines, delimiter=candidate)}
        if len(counts) == 1 and (width := counts.pop()) > parts:
            best, parts = candidate, width
    return best
