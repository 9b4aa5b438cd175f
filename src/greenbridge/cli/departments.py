"""Commands on the departments that are asked over HTTP."""

import typer

from greenbridge.cli.frame import DataDir, settings_of
from greenbridge.kit.keys import kept_key, public_pem

app = typer.Typer()
departments = typer.Typer(no_args_is_help=True, help="Departments that are asked over HTTP.")
app.add_typer(departments, name="departments")


@departments.callback()
def group() -> None:
    """Departments that are asked over HTTP."""


@departments.command()
def key(data_dir: DataDir = None) -> None:
    """Print the platform's public key (PEM): what a department is given to check our requests. It is made at first use."""
    print(public_pem(kept_key(settings_of(data_dir).data_dir)), end="")
