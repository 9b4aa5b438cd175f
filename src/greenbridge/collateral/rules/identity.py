"""Which asset is meant: one canonical form for every way to type it, and bytes that a commitment is made of.

A number is written in many ways (full-width, spaced, with dashes, in small letters, without its leading zeros). Two forms of one asset
that stay different let it be pledged twice; two assets that fall together are refused wrongly and can be put right. So in doubt, forms
fall together, and what cannot be read for certain (a Cyrillic А among Latin letters) is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from greenbridge.collateral.values import AssetKind, Canonical, Part, Stated
from greenbridge.kit import codes
from greenbridge.kit.canonical import canonical as canonical_json
from greenbridge.kit.errors import FieldProblem, Invalid
from greenbridge.kit.text import Text

FORM = "1"  # the version of these rules: a change of them is a new form, and all commitments are made again
PARTS: Mapping[AssetKind, tuple[Part, ...]] = {
    AssetKind.INVOICE: (
        Part(
            "code",
            Text("发票代码", "Invoice code"),
            Text("10 或 12 位；数电发票没有，留空", "10 or 12 digits; a digital invoice has none"),
            False,
        ),
        Part("number", Text("发票号码", "Invoice number"), Text("8 位；数电发票 20 位", "8 digits; 20 for a digital invoice")),
        Part("issued_on", Text("开票日期", "Issued on"), Text("如 2026-03-01", "Such as 2026-03-01")),
    ),
    AssetKind.ORDER: (
        Part("buyer", Text("买方统一社会信用代码", "The buyer's credit code"), Text("18 位", "18 characters")),
        Part(
            "number", Text("订单编号", "Order number"), Text("买方的编号；空格和连接符不计", "The buyer's; spaces and dashes do not count")
        ),
    ),
    AssetKind.WAREHOUSE_RECEIPT: (
        Part("keeper", Text("仓储企业统一社会信用代码", "The warehouse's credit code"), Text("18 位", "18 characters")),
        Part("number", Text("仓单编号", "Receipt number"), Text("空格和连接符不计", "Spaces and dashes do not count")),
    ),
    AssetKind.REAL_ESTATE: (
        Part(
            "unit_no", Text("不动产单元号", "Real-estate unit number"), Text("28 位，见不动产权证书", "28 characters, on the certificate")
        ),
        Part(
            "certificate_no",
            Text("不动产权证号", "Certificate number"),
            Text("如 浙（2024）湖州市不动产权第0001234号", "As on the certificate"),
        ),
    ),
    AssetKind.EQUIPMENT: (
        Part("vin", Text("车辆识别代号", "Vehicle identification number"), Text("车辆填写，17 位", "For a vehicle: 17 characters"), False),
        Part("maker", Text("制造商", "Maker"), Text("机器设备填写铭牌上的制造商", "For a machine: as on its plate"), False),
        Part("serial", Text("出厂编号", "Serial number"), Text("机器设备填写铭牌上的编号", "For a machine: as on its plate"), False),
    ),
}
_DIGITS = str.maketrans("OIL", "011")  # in places where only digits stand
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_UNIT = re.compile(r"\d{12}[A-Z]{2}\d{5}[A-Z]\d{8}")
_COMPANY = re.compile(r"(股份)?有限(责任)?公司$|COLTD$")
_COMPANY_WORD = re.compile(r"\W+(CO\W*LTD|LTD|LIMITED|INC|GMBH|AG|LLC|PLC|CORP|CORPORATION)\W*$")


def loose(text: str) -> str:
    """Return a text without what does not count: full-width forms, case, spaces, controls, dashes, dots and the like.

    `loose("ａ－1 /０２.b") == "A102B"`. What it returns it returns again.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LN")


def number(text: str) -> str:
    """Return a number that people type: loose, of Latin letters, digits and Chinese characters; without leading zeros if all digits.

    `number("００123") == "123"`, `number("po-2024/01") == "PO202401"`. Raises ValueError for other letters and for nothing at all.
    """
    found = loose(text)
    if not found or not re.fullmatch(r"[A-Z0-9\u4e00-\u9fff]+", found):
        raise ValueError(text)
    return (found.lstrip("0") or "0") if found.isdecimal() else found


def digits(text: str) -> str:
    """Return digits, O and I or L read as 0 and 1; raises ValueError for anything else."""
    found = loose(text).translate(_DIGITS)
    if not re.fullmatch(r"[0-9]+", found):
        raise ValueError(text)
    return found


def invoice_code(text: str) -> str:
    """Return 10 or 12 digits, "" for none; a twelfth digit that a spreadsheet took away comes back: it was a leading zero."""
    found = digits(text) if loose(text) else ""
    if len(found) == 11:
        found = "0" + found
    if len(found) not in {0, 10, 12}:
        raise ValueError(text)
    return found


def invoice_number(text: str) -> str:
    """Return 8 digits with their leading zeros, or the 20 of a digital invoice. `invoice_number("123") == "00000123"`."""
    found = digits(text)
    if len(found) < 8:
        found = found.zfill(8)
    if len(found) not in {8, 20}:
        raise ValueError(text)
    return found


def unit_number(text: str) -> str:
    """Return the 28 characters of a real-estate unit (GB/T 37346): letters at 13, 14 and 20, digits elsewhere."""
    found = loose(text)
    if len(found) == 28:
        found = "".join(c if at in {12, 13, 19} else c.translate(_DIGITS) for at, c in enumerate(found))
    if not _UNIT.fullmatch(found):
        raise ValueError(text)
    return found


def vin(text: str) -> str:
    """Return the 17 characters of ISO 3779, which knows no I, O and Q: they are read as 1, 0 and 0."""
    found = loose(text).translate(str.maketrans("IOQ", "100"))
    if not _VIN.fullmatch(found):
        raise ValueError(text)
    return found


def company(text: str) -> str:
    """Return a maker's name without the words that say it is a company. `company("Haitian Co., Ltd.") == "HAITIAN"`."""
    words = unicodedata.normalize("NFKC", text).upper().strip()
    while (fewer := _COMPANY_WORD.sub("", words)) != words and loose(fewer):
        words = fewer
    found = number(words)
    while (shorter := _COMPANY.sub("", found)) and shorter != found:
        found = shorter
    return number(found)


def credit_code(text: str) -> str:
    """Return a unified social credit code; raises ValueError where its check digit does not agree."""
    found = loose(text)
    if not codes.is_uscc(found):
        raise ValueError(text)
    return found


def day(text: str) -> str:
    """Return a date as 2026-03-01, typed as 2026-03-01, 2026/3/1, 2026年3月1日 or 20260301."""
    found = re.findall(r"\d+", unicodedata.normalize("NFKC", text))
    if len(found) == 1 and len(found[0]) == 8:
        found = [found[0][:4], found[0][4:6], found[0][6:]]
    if len(found) != 3:
        raise ValueError(text)
    return date(*(int(part) for part in found)).isoformat()


Reader = Callable[[str], str]
_READERS: Mapping[AssetKind, Mapping[str, Reader]] = {
    AssetKind.INVOICE: {"code": invoice_code, "number": invoice_number, "issued_on": day},
    AssetKind.ORDER: {"buyer": credit_code, "number": number},
    AssetKind.WAREHOUSE_RECEIPT: {"keeper": credit_code, "number": number},
    AssetKind.REAL_ESTATE: {"unit_no": unit_number, "certificate_no": number},
    AssetKind.EQUIPMENT: {"vin": vin, "maker": company, "serial": number},
}


def canonical(stated: Stated) -> Canonical:
    """Return the one form of a stated asset. Raises Invalid with each field that cannot be read."""
    found: dict[str, str] = {}
    problems = []
    for part in PARTS[stated.kind]:
        typed = stated.fields.get(part.name, "")
        if not loose(typed):
            if part.required:
                problems.append(FieldProblem(part.name, Text(f"请填写{part.label.zh}", f"{part.label.en} is missing")))
            continue
        try:
            found[part.name] = _READERS[stated.kind][part.name](typed)
        except ValueError:
            problems.append(FieldProblem(part.name, Text(f"{part.label.zh}格式不符", f"{part.label.en} cannot be read")))
    problems += _together(stated.kind, found) if not problems else []
    problems += [FieldProblem(name, Text("没有这个字段", "No such field")) for name in stated.fields if name not in _READERS[stated.kind]]
    if stated.whole_fen <= 0:
        problems.append(FieldProblem("whole_fen", Text("金额应大于零", "The amount must be above zero")))
    if problems:
        raise Invalid("wrong-asset", "请检查资产信息。", "Check what the asset is.", fields=tuple(problems))
    if "serial" in found and (number_of_vehicle := _vehicle(found["serial"])):
        found = {"vin": number_of_vehicle}  # one vehicle, in whichever field its number was typed
    key = _key(stated.kind, found)
    return Canonical(stated.kind, key, (*key, *_beside(stated, found)), found)


def _beside(stated: Stated, found: Mapping[str, str]) -> tuple[str, ...]:
    """Return what stands on the face of an asset beside its key: whoever asks about it must have seen it."""
    if stated.kind is AssetKind.INVOICE:
        return found["issued_on"], str(stated.whole_fen)
    if stated.kind is AssetKind.ORDER:
        return (str(stated.whole_fen),)
    return (found["certificate_no"],) if stated.kind is AssetKind.REAL_ESTATE else ()


def _together(kind: AssetKind, found: Mapping[str, str]) -> list[FieldProblem]:
    """Return what is wrong with fields that are right one by one."""
    if kind is AssetKind.EQUIPMENT and "vin" not in found and not ("maker" in found and "serial" in found):
        return [FieldProblem("serial", Text("请填写车辆识别代号，或制造商和出厂编号", "A vehicle's number, or maker and serial number"))]
    if kind is AssetKind.EQUIPMENT and "vin" in found and "serial" in found:
        return [FieldProblem("serial", Text("车辆只填车辆识别代号", "A vehicle is told by its identification number alone"))]
    if kind is AssetKind.INVOICE and "code" in found and len(found["number"]) == 20:
        return [FieldProblem("code", Text("20 位号码的数电发票没有代码", "A digital invoice of 20 digits has no code"))]
    if kind is AssetKind.INVOICE and "code" not in found and len(found["number"]) != 20:
        return [FieldProblem("code", Text("8 位号码须同时填写发票代码", "A number of 8 digits needs its code"))]
    return []


def _key(kind: AssetKind, found: Mapping[str, str]) -> tuple[str, ...]:
    if kind is AssetKind.INVOICE:  # a digital invoice's 20 digits are also written as a code of 12 and a number of 8
        return (found.get("code", "") + found["number"],)
    if kind is AssetKind.ORDER:
        return found["buyer"], found["number"]
    if kind is AssetKind.WAREHOUSE_RECEIPT:
        return found["keeper"], found["number"]
    if kind is AssetKind.REAL_ESTATE:
        return (found["unit_no"],)
    return ("vin", found["vin"]) if "vin" in found else ("serial", found["maker"], found["serial"])


_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _vehicle(serial: str) -> str | None:
    """Return a serial number as a vehicle's, where its check digit agrees (GB 16735: the ninth, weighted sum mod 11, X for 10)."""
    try:
        found = vin(serial)
    except ValueError:
        return None
    total = sum((_VIN_VALUES.get(c) or int(c)) * w for c, w in zip(found, _VIN_WEIGHTS, strict=True))
    return found if found[8] == "0123456789X"[total % 11] else None


def encoded(kind: AssetKind, parts: tuple[str, ...]) -> bytes:
    """Return the bytes that a commitment is made of: no two different assets have the same."""
    return canonical_json([FORM, kind.value, *parts])
