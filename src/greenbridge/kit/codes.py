"""Unified social credit codes (GB 32100-2015) and regions (GB/T 2260)."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from gb2260.data import data as _gb2260
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from greenbridge.kit.errors import Invalid
from greenbridge.kit.regions import ENGLISH
from greenbridge.kit.text import Text

# The 9 characters of the organisation code of a generated firm begin so: the letters say what it is.
GENERATED_PREFIX = "GEN"
_ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_DECIMAL_END = 100_000
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# The revisions of GB/T 2260 in the package gb2260, oldest first, by month (yyyymm); a year means its end, None the end of 2014.
_REVISIONS = sorted((f"{year or 2014}12" if len(str(year or 2014)) == 4 else str(year), names) for year, names in _gb2260.items())


@dataclass(frozen=True, slots=True)
class Region:
    """A region (GB/T 2260) under one name. Revisions are months (yyyymm); `last_revision` is None while the newest revision has it."""

    code: str
    name: str
    first_revision: str
    last_revision: str | None = None

    @property
    def note(self) -> Text | None:
        """What to know of a name that is no longer in force; None when the newest revision has it."""
        if self.last_revision is None:
            return None
        month = f"{self.last_revision[:4]}-{self.last_revision[4:]}"
        return Text(
            f"{self.name}（{self.code}）最后见于 {month} 版行政区划代码，此后已撤销、更名或换码",
            f"{self.name} ({self.code}) is last in the revision of {month}; it was abolished, renamed or given another code since",
        )


def valid_uscc(code: str, field: str = "uscc") -> str:
    """Return the code in its compact form; raises Invalid that says which part is wrong."""
    try:
        return str(uscc.validate(code))
    except InvalidLength:
        zh, en = "统一社会信用代码应为 18 位", "A unified social credit code has 18 characters"
    except InvalidChecksum:
        zh, en = (
            "统一社会信用代码校验位不符，请核对",
            "The check digit of the unified social credit code does not agree",
        )
    except ValidationError:
        zh, en = (
            "统一社会信用代码含有不允许的字符",
            "The unified social credit code holds a character that is not allowed",
        )
    raise Invalid.at("wrong-uscc", field, f"{zh}：{code}。", f"{en}: {code}.")


def is_uscc(code: str) -> bool:
    """Return whether the code's form and check digit are right."""
    return bool(uscc.is_valid(code))


def generated_uscc(number: int, region_code: str) -> str:
    """Return a valid code that is marked as generated: its organisation code begins with GEN (GB 11714 digit included).

    Numbers from 100,000 on (up to 19 million) are written with a letter first, in the alphabet of the standard.
    """
    body = f"{GENERATED_PREFIX}{number:05d}" if number < _DECIMAL_END else f"{GENERATED_PREFIX}{_lettered(number - _DECIMAL_END)}"
    total = sum(_ORG_ALPHABET.index(c) * w for c, w in zip(body, _ORG_WEIGHTS, strict=True))
    check = "0123456789X"[(11 - total % 11) % 11]
    head = f"91{region_code}{body}{check}"
    return head + str(uscc.calc_check_digit(head))


def _lettered(number: int) -> str:
    """Return five characters of which the first is a letter: 0 is A0000."""
    base, value = len(_USCC_ALPHABET), number + 10 * len(_USCC_ALPHABET) ** 4
    digits = ""
    for _ in range(5):
        value, digit = divmod(value, base)
        digits = _USCC_ALPHABET[digit] + digits
    return digits


def is_generated_uscc(code: str) -> bool:
    """Return whether the code is one of ours, made for demonstration."""
    return code[8:11] == GENERATED_PREFIX


def region_of(code: str) -> str:
    """Return the region digits of a social credit code; they name where the firm was first registered."""
    return code[2:8]


def region_history(region_code: str) -> tuple[Region, ...]:
    """Return the names of a region in the revisions from 2002 to 2014 (package gb2260), oldest first; empty if none had it."""
    if not (region_code.isdecimal() and len(region_code) == 6):
        return ()
    found: list[Region] = []
    before = None
    for month, names in _REVISIONS:
        name = names.get(int(region_code))
        if name is not None and name == before:
            found[-1] = replace(found[-1], last_revision=month)
        elif name is not None:
            found.append(Region(region_code, name, month, month))
        before = name
    return tuple(replace(r, last_revision=None) if r.last_revision == _REVISIONS[-1][0] else r for r in found)


def region(region_code: str, on: date | None = None) -> Region | None:
    """Return a region under the name it had on a day (None: newest); None if no revision has the code.

    The newest name that was known by the day, abolished since or not (see `note`), else the oldest one:
    330621 in 2026 is 绍兴县, last in the revision of 2013-12.
    """
    history = region_history(region_code)
    month = "999912" if on is None else f"{on:%Y%m}"
    return next((r for r in reversed(history) if r.first_revision <= month), history[0] if history else None)


def region_of_code(code: str, on: date | None = None) -> Region | None:
    """Return the region in a social credit code, with a note where it is no longer in force; None for digits that name none."""
    return region(region_of(code), on)


def region_name(region_code: str, on: date | None = None) -> str:
    """Return the name of a region on a day, or in the newest revision that had it; the digits themselves if unknown."""
    found = region(region_code, on)
    return found.name if found else region_code


@cache
def province_of(name: str) -> str | None:
    """Return the code of a province by its name or the beginning of it: `province_of("浙江") == "330000"`; None for no province's."""
    named = _REVISIONS[-1][1]
    return next((str(code) for code, full in named.items() if str(code).endswith("0000") and len(name) > 1 and full.startswith(name)), None)


def region_text(region_code: str, on: date | None = None) -> Text:
    """Return a region's name in both languages; where no English name is known the Chinese one stands for it."""
    name = "全国" if region_code == "000000" else region_name(region_code, on)
    return Text(name, ENGLISH.get(region_code, name))


def covers(regions: tuple[str, ...], region_code: str) -> bool:
    """Return whether a list of region codes covers a region: 330000 covers 330502, 330500 covers 330502."""
    return any(region_code.startswith(r[:2] if r[2:] == "0000" else r[:4] if r[4:] == "00" else r) for r in regions)
