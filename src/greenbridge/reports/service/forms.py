"""A kept report's forms: signed file, PDF, HTML, text; what is wrong with one; whether one is ours."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.kit import database, signing
from greenbridge.kit.canonical import canonical, part_of_plain
from greenbridge.kit.errors import Conflict, NotFound
from greenbridge.kit.text import Language, Text
from greenbridge.reports import gateway, store
from greenbridge.reports.rules import envelope, layout, verification
from greenbridge.reports.rules.verification import Flaw
from greenbridge.reports.values import CreditReport

PRINTED_ROWS = 6  # of a table on paper; the signed file inside has them all
ROOT_SHOWN = 16


def signed(report: CreditReport) -> dict[str, Any]:
    """Return the signed file of a report. Raises Conflict for one made before reports were signed."""
    if report.head is None or report.seed is None or report.signature is None:
        raise Conflict("not-signed", "该报告在启用签名之前作出，没有签名。", "This report was made before reports were signed.")
    signature = (report.signature["kid"], report.signature["alg"], report.signature["value"])
    return envelope.envelope(report.content, report.head, report.seed, signature, report.leaf_hashes)


def file(report: CreditReport) -> bytes:
    """Return the signed file as bytes, canonical JSON: the same report, the same bytes."""
    whole = signed(report)
    return canonical(whole) if report.body is None else part_of_plain({**whole, "content": msgspec.Raw(report.body)})


def pdf(report: CreditReport, language: Language) -> bytes:
    """Return a report as PDF, with its signed file inside; it takes a while, so call it in a thread. The same report, the same bytes."""
    return gateway.pdf(printed(signed(report), language), report.made_at)


def printed(file: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return what the PDF of a signed file says, from that file alone."""
    head = file["head"]
    address = f"{file['content']['verify_at']}/verify/{head['number']}?root={head['root'][:ROOT_SHOWN]}"
    laid = layout.laid_out(file["content"], language, PRINTED_ROWS)
    return {
        **laid,
        "number": head["number"],
        "root": head["root"],
        "kid": file["signature"]["kid"],
        "verify_url": address,
        "qr": gateway.qr(address),
        "signed": canonical(file).decode(),
        "watermark": laid["reader"],
    }


def html(report: CreditReport, language: Language) -> bytes:
    """Return a report as one HTML file that needs nothing beside it."""
    return gateway.html({**layout.laid_out(report.content, language), "number": report.number}).encode()


def plain(report: CreditReport, language: Language) -> str:
    """Return a report as lines of text."""
    return "\n".join(layout.lines(layout.laid_out(report.content, language), report.number))


def flaws(data: bytes, public_keys: Mapping[str, Any]) -> tuple[Flaw, ...]:
    """Return all that is wrong with a signed file, a part of one, or a PDF; empty: it is as it was signed. Nothing but the keys is asked.

    A PDF is set again from the file inside it, which must give the same bytes: its pages are checked too.
    """
    is_pdf = data.startswith(b"%PDF")
    try:
        document = envelope.read(gateway.embedded(data) if is_pdf else data)
    except ValueError as error:
        return (Flaw("unreadable", "", Text(f"无法读取签名文件：{error}", f"The signed file cannot be read: {error}")),)
    found = verification.check(document, partial(signing.verify, public_keys))
    if found or not is_pdf:
        return found
    made_at = datetime.fromisoformat(document["head"]["made_at"])
    language: Language = "en" if gateway.language_inside(data) == "en" else "zh"
    if gateway.pdf(printed(document, language), made_at) != data:
        text = Text(
            "内含的签名文件完好，但页面与其不符，或由其他版本的程序排版",
            "The signed file inside is whole, but the pages are not set from it, or by another version",
        )
        return (Flaw("pages-differ", "", text),)
    return ()


async def of_number(session: AsyncSession, number: str) -> CreditReport:
    """Return a kept report, for the platform itself. Raises NotFound."""
    found = (await store.of_numbers(session, [number])).get(number)
    if found is None:
        raise NotFound("no-report", "没有这个编号的报告。", "There is no report of this number.")
    return found


async def is_known(session: AsyncSession, number: str, root: str) -> date | None:
    """Return the day that a report of this number and root (its beginning) speaks of, None where there is none; names no firm."""
    async with database.as_platform(session):  # whoever holds the paper may ask whether it is ours
        report = (await store.of_numbers(session, [number])).get(number)
    same = report is not None and report.head is not None and len(root) >= ROOT_SHOWN and report.head["root"].startswith(root)
    return report.as_of if report and same else None


def laid_out(report: CreditReport, language: Language) -> dict[str, Any]:
    """Return a report in one language's words, with its charts, for a page."""
    return layout.laid_out(report.content, language)


async def count(session: AsyncSession) -> int:
    """Return how many reports were made."""
    return await store.count(session)
