"""An installation as processes of its own, which can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx

from tests.demonstration import LEFT_OUT

PASSWORD = "greenbridge-demo"
SCOPES = ["products:read", "products:write", "needs:read", "answers:write", "loans:write", "webhooks:manage"]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Installation:
    """A town of our own, its server and its deliverer as processes that can be killed."""

    def __init__(self, folder, today) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.today = today
        self.people: list[httpx.Client] = []
        kept = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
        self.environment = {**kept, "GREENBRIDGE_DEMONSTRATION": "1", "GREENBRIDGE_PUBLIC_URL": self.url}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "greenbridge", *arguments, "--data-dir", str(self.folder)]
        # A group of its own: the server's workers die with it.
        return subprocess.Popen(line, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def serve(self) -> subprocess.Popen[bytes]:
        server = self.start("serve", "--port", str(self.port), *self.today)
        for _ in range(300):
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200:
                    return server
            except httpx.HTTPError:
                time.sleep(0.2)
        raise AssertionError("the server did not come up")

    def as_person(self, login: str) -> httpx.Client:
        token = httpx.post(f"{self.url}/api/v1/tokens", json={"login": login, "password": PASSWORD}, timeout=30).json()["token"]
        made = httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        self.people.append(made)
        return made


def kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


@contextmanager
def running(*processes):
    try:
        yield
    finally:
        for process in processes:
            if process.poll() is None:
                kill(process)
