"""Product files: TOML, closed, checked, each with its own cases."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from greenbridge.catalog.gateway.lines import line_of
from greenbridge.catalog.rules import language
from greenbridge.catalog.schemas import ProductFile
from greenbridge.catalog.values import Bank, LoanProduct
from greenbridge.kit.errors import FieldProblem, Invalid
from greenbridge.kit.text import Text

BANKS_FILE = "banks.toml"
Path_ = Sequence[str | int]


def load_banks(folder: Path) -> dict[str, Bank]:
    """Return the banks of the catalogue by code."""
    with (folder / BANKS_FILE).open("rb") as file:
        return {bank["code"]: Bank(bank["code"], bank["name"]) for bank in tomllib.load(file)["banks"]}


def parse_product(source: str, content: dict[str, Any], banks: dict[str, Bank], text: str | None = None) -> tuple[LoanProduct, ProductFile]:
    """Return a product and its checked document; raises Invalid that names the file and each wrong field, with its line in `text`."""
    try:
        document = ProductFile.model_validate(content)
    except ValidationError as error:
        wrong = [(tuple(e["loc"]), Text(_zh(e["type"], e["msg"], e.get("ctx", {})), e["msg"])) for e in error.errors()]
        raise _wrong(source, wrong, text) from None
    if document.bank not in banks:
        raise Invalid.at(
            "unknown-bank",
            "bank",
            f"产品 {source} 的银行 {document.bank} 未登记。",
            f"{source}: there is no bank {document.bank}.",
        )
    product = document.product(banks[document.bank])
    found = [(i, problem) for i, rule in enumerate(product.entry_rules) if (problem := language.problem(rule))]
    if found:
        raise _wrong(source, [(("rules", i, *_steps(where)), said) for i, (where, said) in found], text)
    return product, document


def _steps(where: str) -> list[str | int]:
    return [int(step) if step.isdecimal() else step for step in where.split(".")]


def _wrong(source: str, found: Sequence[tuple[Path_, Text]], text: str | None) -> Invalid:
    fields = []
    for path, said in found:
        line = line_of(text, path) if text is not None else None
        zh, en = (f"第 {line} 行：", f"line {line}: ") if line else ("", "")
        fields.append(FieldProblem(".".join(str(part) for part in path) or source, Text(zh + said.zh, en + said.en)))
    zh = "；".join(f"{f.field}：{f.message.zh}" for f in fields)
    en = "; ".join(f"{f.field}: {f.message.en}" for f in fields)
    return Invalid("wrong-product", f"产品 {source} 有误：{zh}。", f"Product {source} is wrong: {en}", fields=tuple(fields))


def _zh(kind: str, message: str, known: Mapping[str, Any]) -> str:
    if kind in {"enum", "literal_error"}:
        return f"只能是 {str(known.get('expected', '')).replace(' or ', ', ')}"
    return {"extra_forbidden": "未知字段", "missing": "缺少该字段"}.get(kind, message)


def read_text(source: str, text: str, banks: dict[str, Bank]) -> tuple[LoanProduct, ProductFile]:
    """Return the product of a TOML text with its document; raises Invalid with the line of each mistake."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid.at("wrong-product", "text", f"不是合法的 TOML：{error}", f"This is not TOML: {error}") from None
    return parse_product(source, content, banks, text)


def load_product(path: Path, banks: dict[str, Bank]) -> tuple[LoanProduct, ProductFile]:
    """Return the product of one file with its document; raises Invalid."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid.at("wrong-product", path.name, f"{path.name} 不是合法的 TOML：{error}", f"{path.name} is not TOML: {error}") from None
    return parse_product(path.name, content, banks, text)


def load_products(folder: Path) -> list[tuple[LoanProduct, ProductFile]]:
    """Return all products of a folder with their documents, by code; raises Invalid for the first file that is wrong."""
    banks = load_banks(folder)
    found: dict[str, tuple[LoanProduct, ProductFile]] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == BANKS_FILE:
            continue
        product, document = load_product(path, banks)
        if product.code in found:
            raise Invalid.at(
                "repeated-product",
                "code",
                f"产品代码 {product.code} 重复。",
                f"Product code {product.code} comes twice.",
            )
        found[product.code] = product, document
    return [found[code] for code in sorted(found)]
