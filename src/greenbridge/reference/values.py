"""Entries of dated code lists, what an import did, and what a firm's name says of its industry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from greenbridge.kit.text import Text


class Kind(StrEnum):
    """The lists that are kept."""

    REGIONS = "regions"
    INDUSTRIES = "industries"
    GREEN_CATALOGUE = "green-catalogue"
    BANKS = "banks"
    LPR = "lpr"


KIND_NAMES = {
    Kind.REGIONS: Text("行政区划代码", "Regions (GB/T 2260)"),
    Kind.INDUSTRIES: Text("国民经济行业分类", "Industries (GB/T 4754)"),
    Kind.GREEN_CATALOGUE: Text("绿色产业指导目录", "Green industry catalogue"),
    Kind.BANKS: Text("银行行号", "Banks (CNAPS)"),
    Kind.LPR: Text("贷款市场报价利率", "Loan prime rate"),
}


class Tenor(StrEnum):
    """The two tenors that are quoted."""

    ONE_YEAR = "1Y"
    FIVE_YEARS = "5Y"


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of one list under one name, from a day to a day (both included; `valid_to` None: still).

    `extra` is what only this kind has: `annual_rate_bp` of a quote, `section` of an industry, `level` of a region.
    """

    kind: Kind
    code: str
    name: str
    valid_from: date
    valid_to: date | None = None
    parent: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A loan prime rate as quoted `on` a day, per year in basis points."""

    on: date
    tenor: Tenor
    annual_rate_bp: int
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file as it came; `number` is the line it begins on, the header's being 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV file as it came."""

    file_name: str
    sha256: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def source(self) -> str:
        """What is stored beside each row."""
        return f"{self.file_name} sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken, and why."""

    line: int
    reason: str


REASONS = {
    "wrong_columns": Text("列数与表头不符", "the row has more or fewer cells than the header"),
    "missing_name": Text("缺少名称", "the name is missing"),
    "bad_code": Text("代码不符合格式", "the code is not of its form"),
    "bad_date": Text("日期无法识别", "the date cannot be read"),
    "bad_period": Text("终止早于起始", "the end is before the beginning"),
    "bad_number": Text("数值无法识别或超出范围", "the number cannot be read or is out of range"),
    "bad_parent": Text("上级代码与代码不符", "the parent does not agree with the code"),
    "repeated_code": Text("同一代码和起始日在文件中重复", "the same code and first day came before in the file"),
}


@dataclass(frozen=True, slots=True)
class Import:
    """What became of a file: delivered = accepted + refused rows. Added, changed, unchanged count entries (a quote's row holds two)."""

    kind: Kind
    file_name: str
    sha256: str
    delivered: int
    accepted: int
    refusals: tuple[Refusal, ...]
    added: int
    changed: int
    unchanged: int

    @property
    def repeated(self) -> bool:
        """Whether the import changed nothing."""
        return not (self.added or self.changed)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is kept of one list: entries shipped and imported, the first days of the oldest and newest."""

    kind: Kind
    shipped: int
    imported: int
    oldest: date | None
    newest: date | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndustryGuess:
    """A division (two digits) of GB/T 4754-2017 and its section (letter). `confidence` in (0, 1] orders guesses; it is no probability.

    `evidence`: the words of the name and the scope that spoke for the division, strongest first.
    """

    section: str
    division: str
    confidence: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndustryWords:
    """The words that tell a division: word -> division. `made` and `sold`: verbs of a scope's clause; `strong`: decide alone in a name."""

    words: Mapping[str, str]
    name_words: Mapping[str, str]
    sections: Mapping[str, str]
    boilerplate: tuple[str, ...]
    made: tuple[str, ...]
    sold: tuple[str, ...]
    strong: frozenset[str]


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, with the Wilson 95 % interval."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """The share itself; 0 of nothing."""
        return self.hits / self.n if self.n else 0.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How well names alone tell the industry, on one part of a list of factories."""

    part: str
    names: int
    guessed: Share
    factory_section: Share
    labelled: Share
    labelled_guessed: Share
    by_label: Mapping[str, Share]
