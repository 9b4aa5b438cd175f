"""Commands on signed reports: verify one without network, show a part of one, signing keys."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from greenbridge.cli.frame import DataDir, Json, out, say, settings_of
from greenbridge.kit.canonical import canonical
from greenbridge.kit.clock import SystemClock, make_clock
from greenbridge.kit.errors import Invalid
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.signing import EDDSA, SM2_SM3
from greenbridge.reports import service as reports
from greenbridge.reports.gateway import embedded
from greenbridge.reports.rules import envelope
from greenbridge.settings import signing_keys

app = typer.Typer()
Output = Annotated[Path | None, typer.Option("-o", "--output", help="File to write.")]


class Scheme(StrEnum):
    """How reports are signed."""

    ED25519 = "ed25519"
    SM2 = "sm2"


def read_signed(path: Path) -> dict[str, Any]:
    """Return the signed file in a JSON or PDF file; what cannot be read ends the program with code 2."""
    data = path.read_bytes()
    try:
        found = envelope.read(embedded(data) if data.startswith(b"%PDF") else data)
    except ValueError as error:
        raise typer.BadParameter(f"{path} holds no report: {error}.") from None
    if not all(isinstance(found.get(part), dict) for part in ("head", "signature", "content")) or not found["content"].get("sections"):
        raise typer.BadParameter(f"{path} holds no whole report.")
    return found


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="Signed JSON, a part of one, or PDF.")],
    keys: Annotated[Path | None, typer.Option("--keys", help="Published keys, as saved from /.well-known/greenbridge-keys.json.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Check a report without network: exit code 0 when it is as it was signed, 1 when it is not."""
    if not file.is_file():
        raise FileNotFoundError(2, "", str(file))
    found = reports.flaws(file.read_bytes(), _keys(data_dir, keys))
    if as_json:
        say({"file": str(file), "flaws": [{"code": f.code, "pointer": f.pointer, "zh": f.text.zh, "en": f.text.en} for f in found]})
    elif found:
        for flaw in found:
            out.print(f"[red]✕[/] {flaw.pointer or file}  {flaw.text.zh} {flaw.text.en}", highlight=False)
    else:
        out.print("[green]✓[/] 与签名时一致 As it was signed", highlight=False)
    if found:
        raise typer.Exit(1)


def _keys(data_dir: Path | None, keys: Path | None) -> dict[str, Any]:
    """Return the keys to check with; nothing is made on the machine of somebody who only checks."""
    if keys is None:
        found = KeyRing(signing_keys(data_dir)).published()
        if not found["keys"]:
            raise typer.BadParameter("no keys here: save /.well-known/greenbridge-keys.json of the platform and name it by --keys.")
        return found
    try:
        found = envelope.read(keys.read_bytes())
    except ValueError as error:
        raise typer.BadParameter(f"{keys} holds no published keys: {error}.") from None
    if not isinstance(found.get("keys"), list) or not all(isinstance(key, dict) for key in found["keys"]):
        raise typer.BadParameter(f"{keys} holds no published keys.")
    return found


@app.command()
def disclose(
    file: Annotated[Path, typer.Argument(help="Signed JSON or PDF.")],
    pointers: Annotated[list[str], typer.Argument(help="What to show, such as /enterprise/name or /sections/legal_risk.")],
    output: Output = None,
) -> None:
    """Take named parts out of a report, with proofs that they belong to it."""
    if not file.is_file():
        raise FileNotFoundError(2, "", str(file))
    whole = read_signed(file)
    try:
        part = canonical(envelope.disclosure(whole, pointers))
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise typer.BadParameter(f"{file} is not as it was signed: {broken}.") from None
    if output is None:
        print(part.decode())
    else:
        output.write_bytes(part)


@app.command()
def keys(
    action: Annotated[str, typer.Argument(help="show, or rotate: make a new key that signs from now on.")] = "show",
    scheme: Annotated[Scheme, typer.Option("--algorithm", help="Algorithm of the new key.")] = Scheme.ED25519,
    oauth: Annotated[bool, typer.Option("--oauth", help="The keys of programs' access tokens; a retired one holds minutes.")] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show the keys that sign reports, or access tokens, or make a new one."""
    if action not in {"show", "rotate"}:
        raise typer.BadParameter(f"keys knows show and rotate, not {action!r}.")
    if oauth and scheme is not Scheme.ED25519:
        raise typer.BadParameter("Access tokens are signed with ed25519.")
    settings = settings_of(data_dir)
    # Tokens are timed by the machine's clock, also where business stands on one day.
    now = SystemClock().now() if oauth else make_clock(settings.today).now()
    ring = KeyRing(settings.oauth_keys if oauth else settings.signing_keys)
    if action == "rotate":
        try:
            ring.rotate(EDDSA if scheme is Scheme.ED25519 else SM2_SM3, now)
        except Invalid as problem:
            raise typer.BadParameter(problem.detail.en) from None
    document = ring.public_document(now)
    if as_json:
        say(document)
        return
    table = Table("key", "algorithm", "created", "retired")
    for key in document["keys"]:
        table.add_row(key["kid"], key["alg"], key["created_at"][:19], key.get("retired_at", "")[:19])
    out.print(table)
