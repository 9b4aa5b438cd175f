"""Product files: TOML, closed, checked, each with its own cases."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from greenbridge.catalog.rules import verdicts
from greenbridge.catalog.schemas import ProductFile
from greenbridge.catalog.values import Bank, LoanProduct
from greenbridge.kit.errors import FieldProblem, Invalid
from greenbridge.kit.text import Text

BANKS_FILE = "banks.toml"


def load_banks(folder: Path) -> dict[str, Bank]:
    """Return the banks of the catalogue by code."""
    with (folder / BANKS_FILE).open("rb") as file:
        return {bank["code"]: Bank(bank["code"], bank["name"]) for bank in tomllib.load(file)["banks"]}


def parse_product(source: str, content: dict[str, Any], banks: dict[str, Bank]) -> tuple[LoanProduct, ProductFile]:
    """Return a product and its checked document; raises Invalid that names the file and each wrong field."""
    try:
        document = ProductFile.model_validate(content)
    except ValidationError as error:
        fields = tuple(
            FieldProblem(".".join(str(part) for part in e["loc"]) or source, Text(_zh(e["type"], e["msg"]), e["msg"]))
            for e in error.errors()
        )
        listed = "；".join(f"{f.field}：{f.message.zh}" for f in fields)
        raise Invalid(
            "wrong-product",
            f"产品 {source} 有误：{listed}。",
            f"Product {source} is wrong: " + "; ".join(f"{f.field}: {f.message.en}" for f in fields),
            fields=fields,
        ) from None
    if document.bank not in banks:
        raise Invalid.at(
            "unknown-bank",
            "bank",
            f"产品 {source} 的银行 {document.bank} 未登记。",
            f"{source}: there is no bank {document.bank}.",
        )
    product = document.product(banks[document.bank])
    wrong = tuple(
        FieldProblem(f"rules.{i}", Text(problem, problem))
        for i, rule in enumerate(product.entry_rules)
        if (problem := verdicts.rule_problem(rule))
    )
    if wrong:
        said = "; ".join(w.message.en for w in wrong)
        raise Invalid(
            "wrong-product",
            f"产品 {source} 的规则有误：{said}。",
            f"Rules of product {source} are wrong: {said}.",
            fields=wrong,
        )
    return product, document


def _zh(kind: str, message: str) -> str:
    return {"extra_forbidden": "未知字段", "missing": "缺少该字段"}.get(kind, message)


def load_products(folder: Path) -> list[tuple[LoanProduct, ProductFile]]:
    """Return all products of a folder with their documents, by code; raises Invalid for the first file that is wrong."""
    banks = load_banks(folder)
    found: dict[str, tuple[LoanProduct, ProductFile]] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name == BANKS_FILE:
            continue
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Invalid.at(
                "wrong-product", path.name, f"{path.name} 不是合法的 TOML：{error}", f"{path.name} is not TOML: {error}"
            ) from None
        product, document = parse_product(path.name, content, banks)
        if product.code in found:
            raise Invalid.at(
                "repeated-product",
                "code",
                f"产品代码 {product.code} 重复。",
                f"Product code {product.code} comes twice.",
            )
        found[product.code] = product, document
    return [found[code] for code in sorted(found)]
