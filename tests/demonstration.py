"""A demonstration in a folder of its own, run by the command line as a user would."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LEFT_OUT = ("DATABASE_URL", "GREENBRIDGE_TODAY", "GREENBRIDGE_DATA_DIR")


def greenbridge(*arguments: str, timeout: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    command = [sys.executable, "-m", "greenbridge", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env={**kept, "COLUMNS": "200", **environment}, check=False
    )


def json_of(*arguments: str) -> Any:
    run = greenbridge(*arguments)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@contextmanager
def served(data_dir: Path, *arguments: str) -> Iterator[str]:
    """Serve a folder on a free port until the block ends."""
    with _child("serve", "/health/ready", "--data-dir", str(data_dir), *arguments) as (address, _):
        yield address


@contextmanager
def sandboxed(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a sandbox department on a free port until the block ends: its address and its process."""
    with _child("sandbox", "/v1/faults", *arguments) as child:
        yield child


@contextmanager
def _child(command: str, ready: str, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a command that serves; it is stopped by its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "greenbridge", command, "--port", str(port), *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    with subprocess.Popen(line, env=kept, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(150):
                try:
                    urllib.request.urlopen(f"{address}{ready}", timeout=2).close()
                    break
                except OSError:
                    assert server.poll() is None, "the server ended"
                    time.sleep(0.2)
            else:
                raise AssertionError("the server did not become ready")
            yield address, server
        finally:
            server.terminate()
            server.wait(timeout=20)
