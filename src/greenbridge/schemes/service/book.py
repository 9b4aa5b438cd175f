"""The schemes of an installation: those that ship, and those of the place's own folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from greenbridge.kit.errors import Invalid, NotFound
from greenbridge.schemes import gateway
from greenbridge.schemes.gateway import Loaded
from greenbridge.schemes.rules import checking
from greenbridge.schemes.values import Scheme, SchemeCase


@dataclass(frozen=True, slots=True)
class Book:
    """All schemes and versions of an installation."""

    loaded: tuple[Loaded, ...]

    def listed(self, on: date) -> list[Scheme]:
        """Return the schemes in force on a day, by code; of several versions the newest. One that begins later stands in for none."""
        found: dict[str, Scheme] = {}
        for scheme in sorted((one.scheme for one in self.loaded), key=lambda s: s.effective_from):
            if scheme.effective_from <= on and (scheme.effective_to is None or on <= scheme.effective_to):
                found[scheme.code] = scheme
        return [found[code] for code in sorted(found)]

    def find(self, code: str, on: date) -> Scheme:
        """Return the version of a scheme in force on a day; raises NotFound."""
        found = {scheme.code: scheme for scheme in self.listed(on)}
        if code not in found:
            known = "、".join(found)
            raise NotFound(
                "no-scheme",
                f"{on} 没有有效的计分方案 {code}；可用：{known}。",
                f"No scheme {code} is in force on {on}; known: {', '.join(found)}.",
            )
        return found[code]

    def edition(self, code: str, version: str) -> Scheme:
        """Return a scheme by its version, in force or not: what was rated is read by what it was rated with. Raises NotFound."""
        found = next((one.scheme for one in self.loaded if (one.scheme.code, one.scheme.version) == (code, version)), None)
        if found is None:
            zh, en = f"没有计分方案 {code} 的版本 {version}。", f"There is no edition {version} of the scheme {code}."
            raise NotFound("no-scheme", zh, en)
        return found


def book(folder: Path | None = None) -> Book:
    """Return the shipped schemes and those of a folder; the same code and version of the folder replaces a shipped one.

    Raises Invalid for a file that is wrong or a folder that is not there.
    """
    if folder is not None and not folder.is_dir():
        raise Invalid.at("no-folder", "schemes", f"计分方案文件夹不存在：{folder}。", f"There is no folder of schemes {folder}.")
    own = gateway.load_folder(folder) if folder else ()
    taken = {(one.scheme.code, one.scheme.version) for one in own}
    return Book((*(one for one in gateway.shipped() if (one.scheme.code, one.scheme.version) not in taken), *own))


@dataclass(frozen=True, slots=True)
class CheckedCase:
    """A case and where it and the engine differ; empty problems: they agree."""

    source: str
    scheme: Scheme
    case: SchemeCase
    problems: list[str]


def check(loaded: Iterable[Loaded]) -> list[CheckedCase]:
    """Run every case of schemes."""
    names = gateway.vocabulary()
    return [
        CheckedCase(one.source, one.scheme, case, checking.case_problems(one.scheme, case, names))
        for one in loaded
        for case in one.scheme.cases
    ]
