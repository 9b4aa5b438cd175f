"""Unified social credit codes (GB 32100-2015) and regions (GB/T 2260)."""

import gb2260
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from greenbridge.kit.errors import Invalid

# The 9 characters of the organisation code of a generated firm begin so: the letters say what it is.
GENERATED_PREFIX = "GEN"
_ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_DECIMAL_END = 100_000
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


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


def region_name(region_code: str) -> str:
    """Return the name of a region, today's or that of the newest revision that had it; the digits themselves if unknown."""
    division = gb2260.Division.search(region_code) if region_code.isdecimal() else None
    return str(division.name) if division else region_code


def covers(regions: tuple[str, ...], region_code: str) -> bool:
    """Return whether a list of region codes covers a region: 330000 covers 330502, 330500 covers 330502."""
    return any(region_code.startswith(r[:2] if r[2:] == "0000" else r[:4] if r[4:] == "00" else r) for r in regions)
