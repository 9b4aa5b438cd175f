"""The command that runs the sandbox land registry."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from greenbridge.cli.frame import DataDir, Json, Today, out, say, settings_of
from greenbridge.cli.sandbox import HOST, serve_app, words_of
from greenbridge.cli.serving import must_be_free
from greenbridge.kit.calendar import business_date
from greenbridge.kit.clock import make_clock
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.keys import read_public_key
from greenbridge.sandbox.faults import Faults
from greenbridge.sandbox.registry import ENVIRONMENT

app = typer.Typer()


@app.command(name="sandbox-registry")
def sandbox_registry(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8101,
    firms: Annotated[int, typer.Option(min=10, max=2000, help="Firms of the generated town whose real estate is registered.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the generated town and of the faults.")] = 7,
    patience: Annotated[int, typer.Option(min=0, help="How often an outcome is asked for until the work is done.")] = 1,
    fault: Annotated[list[str] | None, typer.Option(help="KIND=SHARE: slow, error, truncate; slow_seconds=S, max_per_page=N.")] = None,
    public_key: Annotated[Path | None, typer.Option(help="The client's public key (PEM); without it anybody is answered.")] = None,
    keys: Annotated[Path | None, typer.Option(help="Write the registry's public keys here: what the platform checks answers with.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Be a land registry: take orders on a generated town's real estate, with faults on demand, until stopped."""
    from greenbridge.demo.mortgages import parcels_of  # noqa: PLC0415  NumPy's town loads only here

    settings = settings_of(data_dir, today)
    faults = Faults.of({"seed": seed, **words_of(fault)})
    pem = public_key.read_bytes().decode() if public_key else ""
    if pem:
        read_public_key(pem.encode())
    now = make_clock(settings.today).now()
    with tempfile.TemporaryDirectory(prefix="greenbridge-registry-") as made:
        folder = Path(made)
        parcels = parcels_of(seed, firms, business_date(now))
        (folder / "parcels.json").write_text(json.dumps([asdict(one) for one in parcels], ensure_ascii=False), encoding="utf-8")
        document = KeyRing(folder / "keys").public_document(now)
        if keys:
            keys.write_text(json.dumps(document), encoding="ascii")
        must_be_free(HOST, port)
        url = f"http://{HOST}:{port}"
        if as_json:
            say({"url": url, "parcels": len(parcels), "faults": asdict(faults), "signed": bool(pem), "keys": document["keys"]})
        else:
            out.print(f"{url}/v1/mortgage-requests: {len(parcels)} parcels")
        os.environ[ENVIRONMENT] = json.dumps(
            {
                "parcels": str(folder / "parcels.json"),
                "keys": str(folder / "keys"),
                "today": settings.today.isoformat() if settings.today else None,
                "faults": asdict(faults),
                "public_key": pem,
                "patience": patience,
            }
        )
        serve_app("greenbridge.sandbox.registry:from_environment", port)
