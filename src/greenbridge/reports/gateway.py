"""Setting a report as PDF: Typst behind one function, with a font that carries Chinese."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pypdf
import segno
import typst

from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.web import templates
from greenbridge.schemes import service as schemes
from greenbridge.schemes.service import Book
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.settings import Settings

# The font comes from a package; where that is left out, from where Debian and Fedora put theirs.
FAMILY = "Noto Sans CJK SC"
SYSTEM_FOLDERS = (Path("/usr/share/fonts/opentype/noto"), Path("/usr/share/fonts/google-noto-sans-cjk-fonts"))


class FontMissingError(RuntimeError):
    """No font with Chinese characters is installed."""


@cache
def font_folder() -> Path:
    """Return the folder of the CJK font. Raises FontMissingError with what to install."""
    spec = find_spec("noto_cjk_sans_otc")
    package = [Path(spec.origin).parent] if spec and spec.origin else []
    for folder in (*package, *SYSTEM_FOLDERS):
        if any(folder.glob("NotoSansCJK*.tt[cf]")) or any(folder.glob("NotoSansCJK*.otf")):
            return folder
    raise FontMissingError("No Chinese font for the PDF: install the package noto-cjk-sans-otc, or Debian's fonts-noto-cjk.")


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])


@cache
def _source() -> bytes:
    return (files("greenbridge.reports") / "typeset" / "report.typ").read_bytes()


def pdf(layout: Mapping[str, Any], made_at: datetime) -> bytes:
    """Return the PDF of a report that is laid out (`reports.rules.layout`, with number, watermark, root and QR code).

    The same input gives the same bytes: the document's date is the report's, to the second.
    """
    data = json.dumps({**layout, "font": FAMILY}, ensure_ascii=False)
    compiler = typst.Compiler(_source(), font_paths=_fonts(), sys_inputs={"data": data})
    made = compiler.compile(timestamp=made_at.replace(microsecond=0))
    assert isinstance(made, bytes)
    return made


def qr(address: str) -> str:
    """Return a QR code of an address as SVG."""
    sink = io.BytesIO()
    segno.make(address, error="m").save(sink, kind="svg", border=1, dark="#1b2a2f", xmldecl=False, svgns=True)
    return sink.getvalue().decode()


def html(layout: Mapping[str, Any]) -> str:
    """Return a report that is laid out as one HTML file, style and charts inside."""
    styles = [(files("greenbridge") / "static" / name).read_text(encoding="utf-8") for name in ("greenbridge.css", "charts.css")]
    return templates().get_template("report_file.html").render(laid=layout, lang=layout["language"], style="\n".join(styles))


def embedded(document: bytes) -> bytes:
    """Return the signed file inside a PDF. Raises ValueError where there is none."""
    return _attached(document)[1]


def language_inside(document: bytes) -> str:
    """Return the language that a PDF was set in: its attachment's name says it (`report.zh.json`). Raises ValueError."""
    return _attached(document)[0].split(".")[-2]


def _attached(document: bytes) -> tuple[str, bytes]:
    try:
        reader = pypdf.PdfReader(io.BytesIO(document), strict=False)
        found = [
            (name, contents[0]) for name, contents in reader.attachments.items() if name.startswith("report.") and name.endswith(".json")
        ]
    except (pypdf.errors.PyPdfError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the PDF cannot be read") from error
    if len(found) != 1 or found[0][0].count(".") != 2:
        raise ValueError("the PDF carries no signed report")
    return found[0]


@dataclass(frozen=True, slots=True)
class Press:
    """What reports are made and signed with: default model, signing keys, a secret for salts, the address for checks, schemes."""

    model: DefaultModel
    keys: KeyRing
    secret: str
    public_url: str
    book: Book


def press(settings: Settings, model: DefaultModel, book: Book | None = None) -> Press:
    """Return the press of an installation; `book`: its schemes, where they are read already."""
    found = book or schemes.book(settings.schemes_dir)
    return Press(model, KeyRing(settings.signing_keys), settings.secret, settings.public_url, found)
