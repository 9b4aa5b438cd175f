"""Which firms a delivered table speaks of, and what the operator decides where that is in doubt."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import numpy as np
import pandas as pd
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.facts.rules import cells, cleaning
from greenbridge.facts.rules.identity import Candidate, Resolution, core_name, normalise_name, resolve_name
from greenbridge.facts.store import identity as store
from greenbridge.facts.tables import FirmName
from greenbridge.facts.values import Delivery
from greenbridge.kit.codes import is_uscc, province_of, region_of

OLD_NUMBER = "registration_no"
DECIDED = "decided_name"
_OLD_NUMBER_LENGTH = 15


@dataclass(frozen=True, slots=True)
class Doubt:
    """A row of which the firm is in doubt."""

    position: int
    name: str
    region_code: str | None
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Identified:
    """A table's codes (missing where the firm is not known), why the others are missing, and which wait for the operator."""

    uscc: pd.Series
    reasons: cleaning.Reasons
    doubts: list[Doubt] = field(default_factory=list)


def tidy(codes: pd.Series) -> pd.Series:
    """Return codes as their standard writes them: upper case, no blanks and hyphens; placeholders become missing."""
    return cells.clean_text(codes).str.normalize("NFKC").str.upper().str.replace(r"[\s-]", "", regex=True)


async def codes_of(session: AsyncSession, delivery: Delivery, delivered: Collection[str]) -> dict[str, str]:
    """Return delivered code -> social credit code of those that are known without asking: valid codes, mapped keys, old numbers."""
    if delivery.masked is not None or delivery.subjects:
        texts = cells.clean_text(pd.Series(list(delivered), dtype="string"))
        keys = {code: str(text) for code, text in zip(delivered, texts, strict=True) if not pd.isna(text) and "\x00" not in str(text)}
        if delivery.masked is not None:
            codes = await store.name_masked(session, delivery.masked, sorted(set(keys.values())), delivery.masked_region)
            return {code: codes[key] for code, key in keys.items()}
        return {code: delivery.subjects[key] for code, key in keys.items() if key in delivery.subjects}
    tidied = dict(zip(delivered, tidy(pd.Series(list(delivered), dtype="string")), strict=True)) if delivered else {}
    known = {code: tidy_code for code, tidy_code in tidied.items() if isinstance(tidy_code, str) and is_uscc(tidy_code)}
    old = {c: t for c, t in tidied.items() if isinstance(t, str) and len(t) == _OLD_NUMBER_LENGTH and t.isdecimal()}
    if old:
        found = await store.aliases(session, OLD_NUMBER, set(old.values()))
        known |= {code: found[number] for code, number in old.items() if number in found}
    return known


async def identify(session: AsyncSession, delivery: Delivery, frame: pd.DataFrame) -> Identified:
    """Return the code of each row's firm: by code, by old number, else by name within its region."""
    delivered = cells.clean_text(frame["uscc"])
    known = await codes_of(session, delivery, [str(code) for code in delivered.dropna().unique()])
    codes = delivered.map(known).astype("string")
    reasons: cleaning.Reasons = np.full(len(frame), None, dtype=object)
    reasons[(delivered.notna() & codes.isna()).to_numpy(dtype=bool)] = "bad_code"
    by_number = await _by_old_number(session, frame, delivered)
    codes = codes.fillna(by_number)
    nameless = (delivered.isna() & codes.isna()).to_numpy(dtype=bool)
    names = cells.clean_text(frame[cleaning.FIRM_NAME])
    reasons[nameless & names.isna().to_numpy(dtype=bool)] = "missing_field"
    doubts: list[Doubt] = []
    nul = names.str.contains("\x00", regex=False).fillna(False).to_numpy(dtype=bool)
    reasons[nameless & nul] = "bad_text"
    wanted = np.flatnonzero(nameless & names.notna().to_numpy(dtype=bool) & ~nul)
    if len(wanted):
        regions = cells.clean_text(frame[cleaning.REGION])
        given = [(str(names.iloc[p]), None if pd.isna(regions.iloc[p]) else _region(str(regions.iloc[p]))) for p in wanted]
        found = await resolve(session, given)
        filled: list[str | None] = list(codes)
        for position, (name, region) in zip(wanted.tolist(), given, strict=True):
            resolution = found[name, region]
            if resolution.sure:
                filled[position] = resolution.uscc
            else:
                reasons[position] = "doubtful_identity" if resolution.candidates else "unknown_firm"
                if resolution.candidates:
                    doubts.append(Doubt(position, name, region, resolution))
        codes = pd.Series(filled, index=codes.index, dtype="string")
    return Identified(codes, reasons, doubts)


def _region(given: str) -> str:
    """Return a region's code; a province may be named: 浙江 is 330000."""
    return given if given.isdecimal() else province_of(given) or given


async def _by_old_number(session: AsyncSession, frame: pd.DataFrame, delivered: pd.Series) -> pd.Series:
    """Return the code of rows without one that carry an old registration number."""
    numbers = tidy(frame[cleaning.REGISTRATION_NO]).where(delivered.isna())
    wanted = [str(n) for n in numbers.dropna().unique() if "\x00" not in n]
    found = await store.aliases(session, OLD_NUMBER, wanted) if wanted else {}
    return numbers.map(found).astype("string")


async def resolve(session: AsyncSession, given: Collection[tuple[str, str | None]]) -> dict[tuple[str, str | None], Resolution]:
    """Return (name, region code) -> which firm it means; what the operator decided before comes first."""
    normal = {name: normalise_name(name) for name, _ in given}
    cores = {name: core_name(name) for name, _ in given}
    decided = await store.aliases(session, DECIDED, {_decided_key(name, region) for name, region in given})
    known = await store.candidates(session, set(normal.values()), set(cores.values()))
    by_core: dict[str, list[Candidate]] = {}
    for candidate, core in known:
        by_core.setdefault(core, []).append(candidate)
    found: dict[tuple[str, str | None], Resolution] = {}
    for name, region in given:
        if code := decided.get(_decided_key(name, region)):
            found[name, region] = Resolution(code, 1.0, "operator", (code,))
        else:
            found[name, region] = resolve_name(name, region, by_core.get(cores[name], []))
    return found


def _decided_key(name: str, region: str | None) -> str:
    return f"{normalise_name(name)}@{region or ''}"


async def remember(session: AsyncSession, registered: pd.DataFrame) -> None:
    """Remember names and old numbers of registered firms: `registered` has uscc, name, registration_no, reg_region_code."""
    rows = registered.drop_duplicates(["uscc", "name"])
    regions = rows["reg_region_code"].fillna(rows["uscc"].map(region_of))
    names = [
        FirmName(name=normalise_name(name), uscc=code, core=core_name(name), region_code=region)
        for name, code, region in zip(rows["name"], rows["uscc"], regions, strict=True)
    ]
    await store.add_names(session, names)
    numbered = registered[registered["registration_no"].notna()]
    await store.add_numbers(session, OLD_NUMBER, set(zip(tidy(numbered["registration_no"]), numbered["uscc"], strict=True)))


async def remember_decision(session: AsyncSession, name: str, region: str | None, uscc: str) -> None:
    """Remember the operator's word, so that the same name of the same region is not asked again."""
    await store.add_aliases(session, DECIDED, {_decided_key(name, region): uscc})


def question_values(doubt: Doubt) -> Mapping[str, object]:
    """Return a doubt as the operator's question keeps it."""
    return {"candidates": list(doubt.resolution.candidates), "confidence": doubt.resolution.confidence}


async def take_decision(session: AsyncSession, batch_id: UUID, row_no: int, uscc: str | None, account_id: UUID, now: datetime) -> bool:
    """Record which firm a row means (None: none of them); False when nobody asks (any more)."""
    question = await store.take_question(session, batch_id, row_no)
    if question is None:
        return False
    await store.decide(session, question, uscc, account_id, now)
    if uscc is not None:
        await remember_decision(session, question.given_name, question.region_code, uscc)
    return True
