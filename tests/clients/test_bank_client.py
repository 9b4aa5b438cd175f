"""The example of a bank's system against a real server and a real deliverer; and both killed between acceptance and webhook."""

import json
import subprocess
import sys

import pytest

from greenbridge.settings import home
from tests.clients.installations import SCOPES, Installation, kill, running
from tests.clients.programs import a_key, public


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
        listed = bank.get("/api/v1/products").json()["items"]
        yield server, made.json()["client_id"], file, listed, tmp_path


def a_product(listed, folder):
    """The bank's own product that asks least, under a new code."""
    bank = listed[0]["bank"]
    path = folder / "product.toml"
    path.write_text(f"""
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
""")
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
            bodies = [bank.get(f"/api/v1/webhook-deliveries/{d['id']}").json()["body"] for d in found]
            chosen = [b for b in bodies if "answer.chosen" in b and claimed["answer"] in b]
    finally:
        example.kill()
        example.communicate()
    by_step = {step["step"]: step for step in told}
    assert by_step["chosen"]["data"]["need_id"] == need["id"]
    assert by_step["chosen"]["data"]["answer_id"] == claimed["answer"]
    assert len(chosen) == 1  # once, by two deliverers
    assert by_step["chosen"]["doubles"] == 0
    assert by_step["disbursed"]["answer"] == claimed["answer"]
