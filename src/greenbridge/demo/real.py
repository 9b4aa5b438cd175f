"""Real input: masked firms' VAT invoices and a regional register, as departments' deliveries in their own right."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from greenbridge.facts.rules import items
from greenbridge.facts.values import Delivery
from greenbridge.kit.codes import generated_uscc
from greenbridge.kit.errors import Invalid

# The masked firms name no place: their generated codes carry the city of the register that comes with them (Huzhou).
REGION = "330500"
GROUPS = ("with_history", "no_history")
DIRECTIONS = ("input", "output")


class RealTown:
    """The folder's files. `subjects` maps the masked firm keys to their generated, valid, marked codes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.invoices = folder / "cumcm2020c"
        needed = [self.invoices / f"{group}_enterprises.parquet" for group in GROUPS]
        needed += [self._invoice_file(group, direction) for group in GROUPS for direction in DIRECTIONS]
        needed.append(folder / "zhejiang_registry" / "huzhou_enterprises.parquet")
        if missing := [str(path.relative_to(folder)) for path in needed if not path.is_file()]:
            raise Invalid.at(
                "no-data",
                "data",
                f"缺少数据文件：{'、'.join(missing)}。",
                f"Data files are missing: {', '.join(missing)}.",
            )
        self.names = {
            group: dict(
                pd.read_parquet(self.invoices / f"{group}_enterprises.parquet", columns=["enterprise_id", "enterprise_name"]).to_numpy()
            )
            for group in GROUPS
        }
        self.subjects = {key: generated_uscc(int(key[1:]), REGION) for names in self.names.values() for key in names}

    def _invoice_file(self, group: str, direction: str) -> Path:
        return self.invoices / f"{group}_{direction}_invoices.parquet"

    def applicants(self) -> list[tuple[str, str, str]]:
        """Return (masked key, code, name) of the firms without loan history: those that look for a bank."""
        return [(key, self.subjects[key], display_name(key, name)) for key, name in self.names["no_history"].items()]

    def invoice_deliveries(self, *groups: str) -> Iterator[Delivery]:
        """Yield the tax bureau's files, as they are: only column names, direction and firm keys are mapped."""
        for group in groups or GROUPS:
            for direction in DIRECTIONS:
                path = self._invoice_file(group, direction)
                yield Delivery(
                    items.VAT_INVOICES,
                    path.name,
                    path.read_bytes(),
                    constants={"direction": direction},
                    renames={"enterprise_id": "uscc"},
                    subjects=self.subjects,
                )

    def registration_deliveries(self) -> Iterator[Delivery]:
        """Yield the regional register as it is, then the masked firms' generated entries (code and name, nothing invented)."""
        path = self.folder / "zhejiang_registry" / "huzhou_enterprises.parquet"
        yield Delivery(items.REGISTRATION, path.name, path.read_bytes())
        rows = [
            {"uscc": self.subjects[key], "name": display_name(key, name), "reg_region_code": REGION}
            for names in self.names.values()
            for key, name in names.items()
        ]
        content = pd.DataFrame(rows).to_csv(index=False).encode()
        yield Delivery(items.REGISTRATION, "generated_registrations.csv", content, generated=True)


def display_name(key: str, masked: str) -> str:
    """Return a masked firm's name with its key, which alone tells `***科技有限公司` from the next."""
    return masked if key in masked else f"{masked}（{key}）"
