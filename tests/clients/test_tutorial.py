"""docs/bank-api.md, run block after block as a bank's programmer would."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from greenbridge.clients.gateway import scope_table
from greenbridge.kit import openapi
from greenbridge.settings import home
from tests.clients.installations import Installation, running
from tests.notices.receivers import Receiver

PAGE = home() / "docs" / "bank-api.md"


@pytest.fixture
def installation(small_town):
    folder, _ = small_town
    plan = json.loads((folder / "demonstration.json").read_text())["plan"]
    made = Installation(folder, ["--today", plan["today"]] if plan["today"] else [])
    with running(made.serve(), made.start("deliver")):
        yield made


async def test_the_tutorial_runs_as_it_stands(installation, tmp_path: Path):
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    script = tmp_path / "tutorial.py"
    script.write_text("\n".join(blocks) + "\nhttp.delete(f\"/api/v1/webhooks/{hook['id']}\", headers=auth)\nhttp.close()\n")
    async with Receiver() as receiver:
        import asyncio

        environment = {**os.environ, "GREENBRIDGE_URL": installation.url, "HOOK_URL": receiver.url}
        run = await asyncio.to_thread(
            subprocess.run, [sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=240, check=False
        )
        assert run.returncode == 0, run.stderr[-3000:]
    said = run.stdout.splitlines()
    assert said[-1] == "delivered [204]"
    assert "201 200 true" in said
    assert "200 412 urn:greenbridge:problem:changed-since" in said
    assert any(line.startswith("False line") and "firm_age" in line for line in said)
    assert len(receiver.got) >= 1


async def test_the_table_of_scopes_names_calls_that_there_are(app):
    calls = {f"{method} {path}" for method, path, _ in openapi.handlers(app)}
    listed = set(scope_table().operations)
    assert listed <= calls
    assert all(scope in PAGE.read_text() for scope in scope_table().scopes)
