"""Profiles: how a source's tables become items. Shipped ones have a name, a city's own is a file."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from greenbridge.facts.gateway.catalogue import catalogue
from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Invalid
from greenbridge.kit.text import Text

_SHIPPED = files("greenbridge.facts") / "profiles"
_TABLE = {"file", "item", "columns", "constants", "scales"}


@dataclass(frozen=True, slots=True)
class Profile:
    """A source, its firms' key column, and one entry a table: (file, delivery without content)."""

    name: str
    label: Text
    tables: tuple[tuple[str, Delivery], ...]

    def deliveries(self, folder: Path) -> Iterator[Delivery]:
        """Yield a folder's tables in the profile's order, not yet read. Raises Invalid when one is missing."""
        if missing := [file for file, _ in self.tables if not (folder / file).is_file()]:
            listed = "、".join(missing)
            raise Invalid.at("no-file", "folder", f"{folder.name} 中缺少：{listed}。", f"{folder.name} lacks: {', '.join(missing)}.")
        for file, delivery in self.tables:
            yield Delivery(
                delivery.item,
                file,
                folder / file,
                constants=delivery.constants,
                renames=delivery.renames,
                scales=delivery.scales,
                masked=delivery.masked,
                masked_region=delivery.masked_region,
            )


def load_profile(name_or_path: str) -> Profile:
    """Return a shipped profile by name, or one of a TOML file; raises Invalid that says what is wrong with it."""
    shipped = _SHIPPED / f"{name_or_path}.toml"
    path = shipped if shipped.is_file() else Path(name_or_path)
    if not path.is_file():
        known = ", ".join(sorted(f.name.removesuffix(".toml") for f in _SHIPPED.iterdir() if f.name.endswith(".toml")))
        raise Invalid.at(
            "no-profile",
            "profile",
            f"没有来源映射 {name_or_path}；可用：{known}，或 TOML 文件。",
            f"There is no profile {name_or_path}; known: {known}, or a TOML file.",
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        entries = tuple((row["file"], _delivery(table, row)) for row in table["table"])
        return Profile(table["name"], Text(table["zh"], table["en"]), entries)
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid.at(
            "bad-profile", "profile", f"来源映射 {name_or_path} 有误：{error}", f"The profile {name_or_path} is wrong: {error}"
        ) from None


def _delivery(profile: dict[str, Any], row: dict[str, Any]) -> Delivery:
    if unknown := set(row) - _TABLE:
        raise ValueError(f"{row.get('file')}: {', '.join(sorted(unknown))}")
    item = catalogue().items.get(row["item"])
    if item is None:
        raise ValueError(f"{row['file']}: item {row['item']}")
    fields = {*(f.name for f in item.fields), "firm_region_code"}
    if wrong := {*row.get("columns", {}).values(), *row.get("constants", {}), *row.get("scales", {})} - fields:
        raise ValueError(f"{row['file']}: {item.code} has no field {', '.join(sorted(wrong))}")
    return Delivery(
        item.code,
        row["file"],
        b"",
        constants=row.get("constants", {}),
        renames={**_subject(profile), **row.get("columns", {})},
        scales={name: float(scale) for name, scale in row.get("scales", {}).items()},
        masked=profile.get("masked"),
        masked_region=profile.get("region", "000000"),
    )


def _subject(profile: dict[str, Any]) -> dict[str, str]:
    """Return the column that says which firm a row is of: by code or masked key (`subject`), or by name alone (`named`)."""
    return {profile["named"]: "firm_name"} if "named" in profile else {profile["subject"]: "uscc"}
