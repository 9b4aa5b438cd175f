"""The command that runs the sandbox department."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from greenbridge.cli.frame import DataDir, Json, Today, out, say, settings_of
from greenbridge.cli.serving import must_be_free
from greenbridge.kit.calendar import business_date
from greenbridge.kit.clock import make_clock
from greenbridge.kit.keys import read_public_key
from greenbridge.sandbox.app import ENVIRONMENT
from greenbridge.sandbox.faults import Faults
from greenbridge.sandbox.feeds import Folder, write_folder

app = typer.Typer()
HOST = "127.0.0.1"


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8100,
    data: Annotated[Path | None, typer.Option("--data", help="Serve this folder's files instead of a generated town's.")] = None,
    firms: Annotated[int, typer.Option(min=10, max=2000, help="Firms of the generated town.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the generated town and of the faults.")] = 7,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="KIND=SHARE: slow, error, truncate, duplicate, drift (or drift=always); slow_seconds=S, max_per_page=N."),
    ] = None,
    public_key: Annotated[Path | None, typer.Option(help="The client's public key (PEM); without it anybody is answered.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
    today: Today = None,
) -> None:
    """Be a department: serve deliveries by the departments' protocol, with faults on demand, until stopped."""
    settings = settings_of(data_dir, today)
    faults = Faults.of({"seed": seed, **words_of(fault)})
    pem = public_key.read_bytes().decode() if public_key else ""
    if pem:
        read_public_key(pem.encode())
    with tempfile.TemporaryDirectory(prefix="greenbridge-sandbox-") as made:
        folder = (data or Path(made)).resolve()
        if data is None:
            from greenbridge.demo.town import Town  # noqa: PLC0415  pandas loads only here

            now = make_clock(settings.today).now()
            write_folder(folder, Town(seed=seed, count=firms, today=business_date(now)).deliveries(), now)
        items = {item: feed.format for item, feed in Folder(folder).feeds().items()}
        must_be_free(HOST, port)
        url = f"http://{HOST}:{port}"
        if as_json:
            say({"url": url, "items": items, "faults": asdict(faults), "signed": bool(pem)})
        else:
            out.print(f"{url}/v1/items: {', '.join(items)}")
        os.environ[ENVIRONMENT] = json.dumps({"folder": str(folder), "faults": asdict(faults), "public_key": pem})
        serve_app("greenbridge.sandbox.app:from_environment", port)


def words_of(fault: list[str] | None) -> dict[str, str]:
    """Return the faults that were named as KIND=SHARE."""
    return dict(_pair(text) for text in fault or [])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"--fault takes KIND=SHARE, not {text!r}.")
    return name, value


def serve_app(factory: str, port: int) -> None:
    """Run granian with one worker, which counts the faults; a worker that sleeps over a slow answer is not waited for."""
    from granian import Granian  # noqa: PLC0415  only servers need it
    from granian.constants import Interfaces  # noqa: PLC0415

    Granian(
        factory,
        address=HOST,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        workers_kill_timeout=1,
        factory=True,
        log_enabled=False,
    ).serve()
