"""The example of a bank's system against a real server and a real deliverer; and both killed between acceptance and webhook."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import pytest

from greenbridge.kit import database
from greenbridge.settings import Settings, home
from tests.clients.programs import a_key, public
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
        return subprocess.Popen(
            line, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

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


@pytest.fixture(scope="module")
def installation(small_town, tmp_path_factory):
    folder, _ = small_town
    plan = json.loads((folder / "demonstration.json").read_text())["plan"]
    made = Installation(folder, ["--today", plan["today"]] if plan["today"] else [])
    yield made
    for person in made.people:
        person.close()


@pytest.fixture
def registered(installation, tmp_path):
    """A key file and the id of a program, with a product file of the bank, behind a running server."""
    server = installation.serve()
    with running(server):
        key = a_key()
        bank = installation.as_person("bank")
        body = {"name": "示例", "scopes": SCOPES, "jwks": {"keys": [public(key)]}}
        made = bank.post("/api/v1/clients", json=body)
        assert made.status_code == 201, made.text
        file = tmp_path / "key.json"
        file.write_text(json.dumps(key[0].as_dict(private=True)))
        listed = bank.get("/api/v1/products").json()
        yield server, made.json()["client_id"], file, listed, tmp_path


def a_product(listed, folder):
    """The bank's own product that asks least, under a new code."""
    bank = listed[0]["bank"]
    path = folder / "product.toml"
    path.write_text(f'''
code = "{bank}-API"
version = 1
name = "接口示例贷"
name_en = "Example loan"
bank = "{bank}"
summary = "接口示例"
effective_from = 2020-01-01
repayment = ["interest_first"]
guarantee_modes = ["credit"]
purposes = ["working_capital"]
regions = ["330000"]
max_default_probability = 1.0
decision_working_days = 1

[amount_wan]
min = 1
max = 1000

[annual_rate_percent]
min = 3.0
max = 12.0

[term_months]
min = 1
max = 60

[[cases]]
name = "any firm"
expect = "eligible"
''')
    return path


def publish(firm):
    enterprise_id = firm.get("/api/v1/needs").json()[0]["enterprise_id"]
    body = {
        "amount_fen": 50_000_000, "max_annual_rate_bp": 900, "term_months": 12, "purpose": "working_capital", "guarantee_modes": ["credit"],
    }  # fmt: skip
    made = firm.post(f"/api/v1/enterprises/{enterprise_id}/needs", json=body)
    assert made.status_code == 201, made.text
    return made.json()


def steps(process, until):
    """Yield the script's steps up to and with one."""
    for line in process.stdout:
        step = json.loads(line)
        yield step
        if step["step"] == until:
            return
    raise AssertionError(f"the script ended before {until!r}: {process.stderr.read()}")


def script(installation, client_id, key, product):
    line = [
        sys.executable, str(home() / "examples" / "bank_client.py"), "--url", installation.url, "--client-id", client_id,
        "--key", str(key), "--product", str(product), "--wait", "90",
    ]  # fmt: skip
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def accept(firm, need_id, answer_id):
    agreed = firm.post(f"/api/v1/answers/{answer_id}/acceptance")
    assert agreed.status_code == 200, agreed.text


def withdraw_open(firm):
    for need in firm.get("/api/v1/needs").json():
        firm.post(f"/api/v1/needs/{need['id']}/withdrawal")


def test_a_loan_goes_its_way_also_when_server_and_deliverer_are_killed_before_the_webhook(installation, registered):
    server, client_id, key, listed, folder = registered
    firm = installation.as_person("enterprise")
    withdraw_open(firm)
    product = a_product(listed, folder)
    told = []
    example = script(installation, client_id, key, product)
    try:
        told += steps(example, "product")
        need = publish(firm)
        told += steps(example, "offered")
        claimed = next(step for step in told if step["step"] == "claimed")
        assert claimed["need"] == need["number"]
        # No deliverer runs. The firm accepts; then the server dies, and with it whatever it had in memory.
        accept(firm, need["id"], claimed["answer"])
        kill(server)
        with running(installation.serve()):
            first = installation.start("deliver")
            kill(first)  # one that had hardly begun
            with running(installation.start("deliver"), installation.start("deliver")):
                told += steps(example, "chosen")
                for step in example.stdout:
                    told.append(json.loads(step))
                example.wait(60)
                assert example.returncode == 0, example.stderr.read()
            bank = installation.as_person("bank")
            found = bank.get("/api/v1/webhook-deliveries?status=delivered").json()["items"]
            chosen = [d for d in found if d["topic"] == "answer.chosen"]
    finally:
        example.kill()
        example.communicate()
    by_step = {step["step"]: step for step in told}
    assert by_step["chosen"]["data"]["need_id"] == need["id"]
    assert by_step["chosen"]["data"]["answer_id"] == claimed["answer"]
    assert len(chosen) == 1  # once, by two deliverers
    assert by_step["chosen"]["doubles"] == 0
    assert ("disbursed" in by_step) != ("not disbursed" in by_step)
