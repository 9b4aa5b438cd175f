"""Uploads and statements: what is taken, and what of it counts."""

from collections.abc import Collection, Iterable, Mapping

from greenbridge.green.values import FILE_NAMES, Author, FileKind, Statement, Upload
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Text
from greenbridge.schemes.values import Evidence, InputName, Inputs, Known

STATEMENT = "green.statement"
# Givers whose values a firm may state; what departments deliver is disputed, not stated.
STATED_BY_FIRM = ("firm", "project")
PLATFORM = "platform"
# A finding of this name is no value but the class by whose weights a case is rated.
CLASS = "business_class"
PLEDGED = Text("企业填报并承诺", "stated with a pledge")
REVIEWED = Text("第三方评审认定", "set by the reviewer")
_MAGIC: Mapping[FileKind, bytes] = {FileKind.PDF: b"%PDF-", FileKind.PNG: b"\x89PNG\r\n\x1a\n", FileKind.JPEG: b"\xff\xd8\xff"}
_ENDS: Mapping[FileKind, bytes] = {FileKind.PDF: b"%%EOF", FileKind.PNG: b"IEND\xaeB`\x82", FileKind.JPEG: b"\xff\xd9"}
TAIL = 2048
NAME_LENGTH = 120


def kind_of(upload: Upload) -> FileKind | None:
    """Return what a file is by its content and by its name, None where the two differ or it is none that is taken.

    A file that breaks off (no end mark in its last bytes) is none.
    """
    suffix = "." + upload.name.lower().rpartition(".")[2]
    for kind, magic in _MAGIC.items():
        if upload.content.startswith(magic) and _ENDS[kind] in upload.content[-TAIL:]:
            return kind if suffix in FILE_NAMES[kind] else None
    return None


def file_problems(upload: Upload, most_bytes: int) -> tuple[FieldProblem, ...]:
    """Return what is wrong with an upload: empty, too large, not a PDF, PNG or JPEG."""
    if not upload.content:
        return (FieldProblem("file", Text("文件是空的。", "The file is empty.")),)
    if len(upload.content) > most_bytes:
        most = most_bytes / 1_000_000
        return (FieldProblem("file", Text(f"文件超过 {most:g} MB。", f"The file is over {most:g} MB.")),)
    if kind_of(upload) is None:
        zh = "只接受内容与扩展名一致的 PDF、PNG 或 JPEG 文件。"
        return (FieldProblem("file", Text(zh, "A PDF, PNG or JPEG whose name says what it is.")),)
    return ()


def tidy_name(name: str) -> str:
    """Return a file's name without folders and control characters, cut to a length. `tidy_name("/a/b.pdf") == "b.pdf"`."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '"<>|:*?').strip()
    return kept[-NAME_LENGTH:] or "file"


def may_state(name: InputName, asked: Collection[str]) -> bool:
    """Return whether a firm may state a value: the scheme asks for it, and it is the firm's or the project's to give."""
    return name.name in asked and name.given_by in STATED_BY_FIRM


def may_find(name: InputName, vetoing: Collection[str], given: Collection[str]) -> bool:
    """Return whether a reviewer may find another value, or that it is not proven. Not of what the platform itself says, nor of what a
    department says and a veto hangs on: a wrong record is objected to, no third party lifts a veto.

    `vetoing`: names that vetoes ask for; `given`: names known at submission. A percentile that the platform could not give may be found.
    """
    if name.given_by == PLATFORM:
        return name.unit == "percentile" and name.name not in given
    return not (name.items and name.name in vetoing)


def newest(statements: Iterable[Statement]) -> dict[tuple[str, Author], Statement]:
    """Return (name, author) -> the last statement."""
    return {(s.name, s.author): s for s in sorted(statements, key=lambda s: s.at)}


def combined(facts: Inputs, statements: Iterable[Statement]) -> dict[str, Known]:
    """Return what is known of a firm: departments' facts, the firm's statements of what no department gives, the reviewer's findings.

    A department's value is not overridden by the firm's; a reviewer's finding stands before both, and may be that nothing is proven.
    """
    last, found = newest(s for s in statements if s.name != CLASS), dict(facts)
    for (name, author), s in last.items():
        if author is Author.FIRM and s.value is not None and name not in facts:
            found[name] = known(s)
    for (name, author), s in last.items():
        if author is Author.REVIEWER:
            found.pop(name, None)
            if s.value is not None:
                found[name] = known(s)
    return found


def overlaid(before: Inputs, submitted: Inputs, today: Inputs, found: Collection[str]) -> dict[str, Known]:
    """Return what was certified, overlaid by what departments say today; what nobody says anew stays.

    `found`: names of the reviewer's findings. One stands only while the department says what it said when the case was `submitted`:
    the reviewer judged that record, not the next one.
    """
    standing = {name for name in found if name in submitted and name in today and submitted[name].value == today[name].value}
    return {**before, **{name: given for name, given in today.items() if name not in standing}}


def known(statement: Statement) -> Known:
    """Return a statement as a known value; its evidence points to it."""
    assert statement.value is not None
    source = PLEDGED if statement.author is Author.FIRM else REVIEWED
    pledged = statement.author is Author.FIRM
    evidence = Evidence(STATEMENT, source, business_date(statement.at), str(statement.id), pledged=pledged, generated=statement.generated)
    return Known(statement.value, (evidence,))
