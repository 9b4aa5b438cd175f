"""The demonstration's departments: a sandbox server of its own process, asked over HTTP as live ones are."""

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx

from greenbridge.facts.gateway import Feed
from greenbridge.facts.values import Delivery
from greenbridge.kit.errors import Problem
from greenbridge.kit.keys import kept_key, public_pem
from greenbridge.sandbox.feeds import Folder, write_folder
from greenbridge.settings import Settings

_START_SECONDS = 60
_PAGE_ROWS = {"jsonl": 5_000, "parquet": 100_000}


@contextmanager
def departments(settings: Settings, deliveries: Sequence[Delivery], now: datetime) -> Iterator[list[Feed]]:
    """Serve deliveries in a process of its own until the block ends; yield the feeds, one a file, in their order."""
    with tempfile.TemporaryDirectory(prefix="greenbridge-departments-") as made:
        folder = Path(made)
        write_folder(folder, [replace(delivery, item=_remote(delivery)) for delivery in deliveries], now)
        (folder / ".client.pem").write_text(public_pem(kept_key(settings.data_dir)), encoding="ascii")
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "greenbridge", "sandbox", "--port", str(port), "--data", str(folder)]
        command += ["--public-key", str(folder / ".client.pem"), "--data-dir", str(settings.data_dir)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:  # noqa: S603  our own program
            try:
                _wait(url, child)
                offered = Folder(folder).feeds()
                yield [_feed(delivery, url, offered[_remote(delivery)].columns) for delivery in deliveries]
            finally:
                child.terminate()
                child.wait(20)


def _remote(delivery: Delivery) -> str:
    """Return the department's own name of a file: two files of one item are two feeds, each read in its way."""
    return Path(delivery.file_name).stem


def _feed(delivery: Delivery, url: str, columns: tuple[str, ...]) -> Feed:
    """Return a file's feed; its columns are those agreed on with the department."""
    file_format = "parquet" if delivery.file_name.endswith(".parquet") else "jsonl"
    return Feed(
        delivery.item,
        url,
        constants=delivery.constants,
        renames=delivery.renames,
        subjects=delivery.subjects,
        format=file_format,
        page_size=_PAGE_ROWS[file_format],
        columns=columns,
        remote=_remote(delivery),
    )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(url: str, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        try:
            httpx.get(f"{url}/v1/faults", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise Problem("no-departments", "演示用的部门服务没有启动。", "The demonstration's departments did not start.")
