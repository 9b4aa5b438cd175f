"""The house's rules as checks."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from greenbridge.settings import home

ROOT = home()
SOURCE = ROOT / "src" / "greenbridge"
FILES = {
    "values.py",
    "rules.py",
    "tables.py",
    "store.py",
    "gateway.py",
    "service.py",
    "schemas.py",
    "guards.py",
    "api.py",
    "pages.py",
    "jobs.py",
    "__init__.py",
}
DOMAINS = [folder for folder in SOURCE.iterdir() if (folder / "service.py").is_file() or (folder / "service").is_dir()]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_import_contracts_hold():
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    assert re.search(r"Contracts: \d+ kept, 0 broken", run.stdout)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda d: d.name)
def test_a_domain_has_the_eleven_file_names_and_no_others(domain):
    found = {path.name for path in domain.iterdir() if path.suffix == ".py"}
    assert found <= FILES
    folders = {path.name for path in domain.iterdir() if path.is_dir() and path.name != "__pycache__"}
    # catalogue, policy, profiles: TOML that ships with the domain; typeset: what Typst sets
    assert folders <= {"values", "rules", "gateway", "store", "service", "schemas", "pages", "catalogue", "policy", "profiles", "typeset"}


def test_every_domain_is_named_in_every_contract_of_domains():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    inside = next(c for c in contracts if c.get("exhaustive"))["containers"]
    assert {f"greenbridge.{d.name}" for d in DOMAINS} - {"greenbridge.home"} == set(inside)


def test_only_the_clock_reads_the_clock():
    reads = re.compile(r"datetime\.now\(|date\.today\(|datetime\.utcnow|time\.time\(")
    found = [str(p.relative_to(SOURCE)) for p in SOURCE.rglob("*.py") if reads.search(p.read_text())]
    assert set(found) <= {"kit/clock.py"}


def test_no_file_names_a_package_registry_or_a_place_of_one_machine():
    forbidden = [
        "pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".com", "npmjs" + ".org", "deb.debian" + ".org", "registry" + ".npmjs",
        "/wo" + "rk/", "/ro" + "ot/", "--index" + "-url http",
    ]  # fmt: skip
    for path in tracked():
        if path.suffix == ".png":
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        assert not [word for word in forbidden if word in text], path


def test_the_glossary_has_every_item_role_and_product_fact():
    from greenbridge.catalog.rules.vocabulary import FACTS
    from greenbridge.facts.gateway import catalogue

    glossary = (ROOT / "docs" / "glossary.md").read_text()
    missing = [name for name in [*catalogue().items, *FACTS] if f"`{name}`" not in glossary]
    assert missing == []


def test_the_compose_file_fits_the_compose_schema():
    checker = Path(sys.executable).parent / "check-jsonschema"
    run = subprocess.run(
        [str(checker), "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
