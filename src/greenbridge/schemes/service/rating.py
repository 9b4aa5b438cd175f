"""Rating firms by a scheme, from departments' facts and what else is handed in."""

import difflib
import functools
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises.values import Enterprise
from greenbridge.facts import service as facts
from greenbridge.facts.values import Fact
from greenbridge.kit.errors import Invalid
from greenbridge.kit.text import Text
from greenbridge.schemes import gateway
from greenbridge.schemes.rules import checking, inputs, rating
from greenbridge.schemes.service.book import Book
from greenbridge.schemes.values import NOT_RATED, BusinessClass, Evidence, InputKind, Inputs, Known, Rating, Scheme, Value

PUBLIC_CREDIT, PUBLIC_CREDIT_POINTS = "public-credit-zj-2020", "public_credit_points"
BATCH = 500
NEAREST = 3
NOTHING: Inputs = {}


def items_of(names: Collection[str]) -> list[str]:
    """Return the departments' items that named values are read from."""
    known = gateway.vocabulary()
    return sorted({item for name in names for item in known[name].items})


def _asked(book: Book, names: Collection[str], as_of: date) -> tuple[list[str], Scheme | None]:
    """Return all names to read, with those of public credit where its points are asked for, and that scheme."""
    credit = None
    if PUBLIC_CREDIT_POINTS in names:
        credit = next((s for s in book.listed(as_of) if s.code == PUBLIC_CREDIT), None)
    return list(dict.fromkeys([*names, *(credit.names if credit else ())])), credit


async def inputs_of(
    session: AsyncSession, book: Book, names: Collection[str], usccs: Sequence[str], as_of: date, known_at: datetime
) -> dict[str, dict[str, Known]]:
    """Return uscc -> named values that departments' facts say on a day; what is not known is left out.

    `public_credit_points` is the points of the public credit scheme in force, where that gives a grade.
    """
    asked, credit = _asked(book, names, as_of)
    delivered = {item: to for item, (to, *_) in (await facts.coverage(session, known_at)).items()}
    known, wanted = gateway.vocabulary(), items_of(asked)
    found: dict[str, dict[str, Known]] = {}
    for start in range(0, len(usccs), BATCH):
        batch = usccs[start : start + BATCH]
        records = await facts.facts_of(session, batch, as_of, known_at, wanted) if wanted else {uscc: [] for uscc in batch}
        for uscc, own in records.items():
            read = inputs.inputs_of(known, own, delivered, as_of, asked)
            if credit:
                read |= _credit(rating.rate(credit, read, None, as_of))
            found[uscc] = {name: value for name, value in read.items() if name in names}
    return found


def _credit(rated: Rating) -> dict[str, Known]:
    if rated.grade == NOT_RATED:
        return {}
    name = rated.scheme.name
    evidence = Evidence(f"scheme:{rated.scheme.code}", name, rated.as_of, rated.scheme.version)
    return {PUBLIC_CREDIT_POINTS: Known(rated.points, (evidence,))}


async def rate_firms(
    session: AsyncSession,
    book: Book,
    scheme: Scheme,
    usccs: Sequence[str],
    as_of: date,
    known_at: datetime,
    *,
    business_class: str | None = None,
    extra: Mapping[str, Inputs] | None = None,
) -> dict[str, Rating]:
    """Return uscc -> its rating. `extra`: named values of a firm beside the facts (pledged, reviewed), which come first.

    For a caller that has checked who asks and keeps the ledger. Raises Invalid for a class that the scheme does not have.
    """
    class_named(scheme, business_class)
    read = await inputs_of(session, book, scheme.names, usccs, as_of, known_at)
    given = extra or {}
    return {uscc: rating.rate(scheme, {**known, **given.get(uscc, NOTHING)}, business_class, as_of) for uscc, known in read.items()}


def class_named(scheme: Scheme, code: str | None) -> BusinessClass:
    """Return a scheme's class, the first one where none is named; raises Invalid that says which it has."""
    if code not in {None, *(c.code for c in scheme.classes)}:
        listed = [c.code for c in scheme.classes]
        zh, en = f"没有企业类别 {code}；可用：{'、'.join(listed)}。", f"No class {code}; known: {', '.join(listed)}."
        raise Invalid.at("no-class", "class", zh, en)
    return scheme.business_class(code)


async def rate_enterprise(
    session: AsyncSession,
    book: Book,
    scheme: Scheme,
    enterprise: Enterprise,
    as_of: date,
    now: datetime,
    *,
    business_class: str | None = None,
    extra: Inputs = NOTHING,
) -> Rating:
    """Rate one registered firm for the platform itself: the firm's ledger gets a row with every field that the scheme reads."""
    found = await rate_firms(
        session, book, scheme, [enterprise.uscc], as_of, now, business_class=business_class, extra={enterprise.uscc: extra}
    )
    await consents.record_operators(session, [enterprise.id], fields_of(book, scheme, as_of), ReadKind.FACTS, now)
    return found[enterprise.uscc]


def rate_records(
    book: Book,
    scheme: Scheme,
    records: Sequence[Fact],
    delivered: Mapping[str, date | None],
    as_of: date,
    *,
    business_class: str | None = None,
    extra: Inputs = NOTHING,
) -> Rating:
    """Return the rating of one firm whose records are at hand; `delivered`: item -> the newest day that its data speak of.

    For a caller that has checked who asks and keeps the ledger.
    """
    read = of_records(book, scheme.names, records, delivered, as_of)
    return rating.rate(scheme, {**read, **extra}, business_class, as_of)


def of_records(
    book: Book, names: Collection[str], records: Sequence[Fact], delivered: Mapping[str, date | None], as_of: date
) -> dict[str, Known]:
    """Return named values that records at hand say on a day, with what public credit stands on where its points are asked for."""
    asked, credit = _asked(book, names, as_of)
    read = inputs.inputs_of(gateway.vocabulary(), records, delivered, as_of, asked)
    return read | _credit(rating.rate(credit, read, None, as_of)) if credit else read


def fields_of(book: Book, scheme: Scheme, as_of: date) -> tuple[str, ...]:
    """Return the fields that a scheme may read of a firm, as the ledger names them."""
    return _fields_of(tuple(_asked(book, scheme.names, as_of)[0]))


@functools.cache
def _fields_of(names: tuple[str, ...]) -> tuple[str, ...]:
    items = set(items_of(names))
    return tuple(sorted(field for field in facts.levels() if field.rpartition(".")[0] in items))


def pledged(name: str, text: str, on: date) -> Known:
    """Return a value that was typed, marked as pledged; raises Invalid that says what the name takes, or which names there are."""
    known = gateway.vocabulary().get(name)
    if known is None:
        raise _unknown(name)
    value = _typed(text, known.kind)
    if value is None or not checking.fits(known, value):
        takes = ", ".join(known.words) if known.words else known.kind.value
        raise Invalid.at("wrong-input", name, f"{name} 的取值应为：{takes}。", f"{name} takes: {takes}.")
    return Known(value, (Evidence("pledge", Text("企业填报并承诺", "stated with a pledge"), on, pledged=True),))


def _unknown(name: str) -> Invalid:
    """Return the problem of a name that no value has, with the few that come nearest to it: those that hold it first."""
    names = sorted(gateway.vocabulary())
    holding = [known for known in names if name and name.lower() in known]
    near = list(dict.fromkeys([*holding, *difflib.get_close_matches(name.lower(), names, NEAREST)]))[:NEAREST]
    zh = f"；相近的有：{'、'.join(near)}" if near else "；各方案用到的名称见 greenbridge schemes show"
    en = f"; near to it: {', '.join(near)}" if near else "; greenbridge schemes show tells what a scheme asks for"
    return Invalid.at("unknown-input", name, f"没有名为 {name} 的输入{zh}。", f"No input {name}{en}.")


def _typed(text: str, kind: InputKind) -> Value | None:
    if kind is InputKind.YES_NO:
        return {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}.get(text.strip().lower())
    if kind is InputKind.WORD:
        return text.strip()
    try:
        return float(text)
    except ValueError:
        return None
