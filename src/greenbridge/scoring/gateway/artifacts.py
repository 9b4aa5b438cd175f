"""A model's folder: its fingerprint, and whether its files are those that were made and registered."""

import hashlib
import json
from pathlib import Path

from greenbridge.kit.errors import Problem

DECIDES = ("card.json", "model.txt")
SUMS = "SHA256SUMS"


class ArtifactRefused(Problem):
    """A model folder is missing or is not what was registered."""

    status = 503


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 of what decides: of the lines `<sha256> <name>` of model.txt and card.json (calibration is the card's).

    As `sha256sum card.json model.txt | sed 's/  / /' | sha256sum` in the folder. card.json names the other files with their hashes,
    so that it stands for them too (`check_files`). Raises FileNotFoundError.
    """
    lines = (f"{_hash(folder / name)} {name}\n" for name in DECIDES)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def check_files(folder: Path) -> None:
    """Raise ArtifactRefused unless each file that card.json or SHA256SUMS names is there as it was made, and no other file is.

    The first model has neither list: for it the fingerprint is all. Raises FileNotFoundError without a card.
    """
    stated: dict[str, str] = dict(json.loads((folder / "card.json").read_text(encoding="utf-8")).get("files", {}))
    sums = folder / SUMS
    listed = [line.split("  ", 1) for line in sums.read_text(encoding="utf-8").splitlines()] if sums.is_file() else []
    # What the card says counts more: the fingerprint covers it.
    named = {**{name: value for value, name in listed}, **stated}
    if not named:
        return
    for name, value in named.items():
        if not (folder / name).is_file() or _hash(folder / name) != value:
            raise _changed(folder.name, name, "与制作时不一致或缺失", "is missing or is not as it was made")
    for file in sorted(folder.iterdir()):
        if file.name not in {*named, SUMS, *DECIDES}:
            raise _changed(folder.name, file.name, "不在其清单中", "is not on its list")


def _changed(version: str, name: str, zh: str, en: str) -> ArtifactRefused:
    told = f"模型 {version} 的文件 {name} {zh}，拒绝加载。", f"The file {name} of the model {version} {en}: refused."
    return ArtifactRefused("model-changed", *told)


def check_registered(artifacts: Path, version: str, sha256: str) -> None:
    """Raise ArtifactRefused unless the folder's files are those registered, its card page and challenger's table among them."""
    try:
        found = fingerprint(artifacts / version)
    except FileNotFoundError as error:
        raise ArtifactRefused(
            "model-missing",
            f"模型 {version} 已登记，但其文件不在 {artifacts}。",
            f"The model {version} is registered, but its files are not in {artifacts}.",
        ) from error
    if found != sha256:
        raise ArtifactRefused(
            "model-changed",
            f"模型 {version} 的文件与登记的不一致（登记 {sha256[:12]}，实际 {found[:12]}），拒绝加载；请恢复原文件，或以新版本号登记。",
            f"The files of the model {version} are not those registered ({sha256[:12]}, found {found[:12]}): refused. Restore them, or"
            " register them under a new version.",
        )
    check_files(artifacts / version)
