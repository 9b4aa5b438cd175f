"""The command line: exit code 0 done, 1 failed or found wrong, 2 wrong input (one sentence)."""

import sys

import typer

from greenbridge.cli import (
    consents,
    data,
    departments,
    firms,
    green,
    matches,
    models,
    monitoring,
    objections,
    peers,
    pledges,
    portfolio,
    proofs,
    reference,
    registry,
    reports,
    sandbox,
    schemes,
    serving,
    underwriting,
)
from greenbridge.cli.frame import err
from greenbridge.kit.errors import Problem

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Greenbridge 绿桥: bank-enterprise credit matchmaking."
)
PARTS = (
    serving,
    data,
    firms,
    green,
    matches,
    reports,
    proofs,
    consents,
    departments,
    reference,
    peers,
    models,
    monitoring,
    underwriting,
    portfolio,
    schemes,
    green,
    objections,
    pledges,
    registry,
    sandbox,
)
for part in PARTS:
    app.add_typer(part.app)


def main() -> None:
    """Run the command line; a problem is one sentence on standard error and exit code 2."""
    try:
        app()
    except Problem as problem:
        err.print(f"[red]{problem.detail.zh}[/] {problem.detail.en}", highlight=False)
        sys.exit(2)
    except FileNotFoundError as error:
        err.print(f"[red]找不到文件：{error.filename}[/]", highlight=False)
        sys.exit(2)
