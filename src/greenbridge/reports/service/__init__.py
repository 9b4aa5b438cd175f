"""Credit reports: made, signed, kept; in every form; checked."""

from greenbridge.reports.service.forms import count, file, flaws, html, is_known, laid_out, of_number, pdf, plain, printed, signed
from greenbridge.reports.service.making import for_actor, for_operator, make, previews

__all__ = [
    "count",
    "file",
    "flaws",
    "for_actor",
    "for_operator",
    "html",
    "is_known",
    "laid_out",
    "make",
    "of_number",
    "pdf",
    "plain",
    "previews",
    "printed",
    "signed",
]
