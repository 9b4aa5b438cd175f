"""The shipped vocabulary: every named value that a scheme may ask for."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from greenbridge.facts import service as facts
from greenbridge.kit.text import Text
from greenbridge.schemes.schemas import InputIn, InputsFile
from greenbridge.schemes.values import InputName

GIVERS: Mapping[str, Text] = {
    "firm": Text("企业填报并承诺，附证明材料", "Stated by the firm with a pledge and a document"),
    "market": Text("市场经营管理方登记", "Recorded by the market's operator"),
    "platform": Text("平台记录", "The platform's own record"),
    "elsewhere": Text("部门另行提供，数据目录暂无此项", "From departments; not in the data catalogue yet"),
    "project": Text("项目单位填报并承诺，附证明材料", "Stated by the project's owner with a pledge and a document"),
}


@cache
def vocabulary() -> Mapping[str, InputName]:
    """Return the named values; raises ValueError for a file that breaks its form."""
    text = (files("greenbridge.schemes") / "catalogue" / "inputs.toml").read_text(encoding="utf-8")
    found = [_name(row) for row in InputsFile.model_validate(tomllib.loads(text)).input]
    named = {name.name: name for name in found}
    if len(named) < len(found):
        raise ValueError("a named value comes twice")
    return named


def _name(row: InputIn) -> InputName:
    words = {word: Text(*(said.split("|") if "|" in said else (said, said))) for word, said in row.words.items()}
    return InputName(row.name, Text(row.zh, row.en), row.kind, row.unit, row.better, tuple(row.items), words, _giver(row), row.giver or "")


def _giver(row: InputIn) -> Text:
    if row.giver:
        return GIVERS[row.giver]
    known = [facts.item_named(code) for code in row.items]
    zh = "、".join(f"{item.department.zh}：{item.label.zh}" for item in known)
    return Text(zh, ", ".join(f"{item.department.en}: {item.label.en}" for item in known))
