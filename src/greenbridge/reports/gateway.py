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

import segno
import typst

from greenbridge.scoring.gateway import DefaultModel

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
    made = _compiler(layout).compile(timestamp=made_at.replace(microsecond=0))
    assert isinstance(made, bytes)
    return made


def png_pages(layout: Mapping[str, Any], ppi: float = 80) -> list[bytes]:
    """Return a picture of each page."""
    made = _compiler(layout).compile(format="png", ppi=ppi)
    return [page for page in (made if isinstance(made, list) else [made]) if page is not None]


def _compiler(layout: Mapping[str, Any]) -> typst.Compiler:
    data = json.dumps({**layout, "font": FAMILY}, ensure_ascii=False)
    return typst.Compiler(_source(), font_paths=_fonts(), sys_inputs={"data": data})


def qr(address: str) -> str:
    """Return a QR code of an address as SVG."""
    sink = io.BytesIO()
    segno.make(address, error="m").save(sink, kind="svg", border=1, dark="#1b2a2f", xmldecl=False, svgns=True)
    return sink.getvalue().decode()


@dataclass(frozen=True, slots=True)
class Press:
    """What reports are made with: the default model."""

    model: DefaultModel
