"""The whole API against its own description, as each kind of caller: no 5xx, no answer that is not described."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import jsonschema
import pytest

from greenbridge.kit.openapi import read_examples
from greenbridge.settings import home
from tests.clients.installations import SCOPES, Installation, running

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"
CALLERS = ("visitor", "enterprise", "officer", "bank", "operator", "program")
SECONDS = 30
# They end or make the caller's own token, or fill the town with accounts.
LEFT_OUT = ("/api/v1/tokens/current", "/api/v1/tokens", "/api/v1/accounts/sign-up")


@pytest.fixture(scope="module")
def installation(small_town):
    folder, _ = small_town
    plan = json.loads((folder / "demonstration.json").read_text())["plan"]
    made = Installation(folder, ["--today", plan["today"]] if plan["today"] else [])
    # As many calls as fit into the time.
    made.environment |= {"GREENBRIDGE_CALLS_PER_MINUTE": "1000000", "GREENBRIDGE_VISITS_PER_MINUTE": "1000000"}
    with running(made.serve()):
        yield made
    for person in made.people:
        person.close()


def authorisation(installation, caller):
    if caller == "visitor":
        return []
    if caller != "program":
        return ["-H", f"Authorization: {installation.as_person(caller).headers['authorization']}"]
    bank = installation.as_person("bank")
    answer = bank.post("/api/v1/clients", json={"name": "契约", "scopes": SCOPES, "demo_secret": True})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{installation.url}/oauth/token", data=form, auth=(made["client_id"], made["client_secret"]))
    return ["-H", f"Authorization: Bearer {answer.json()['access_token']}"]


@pytest.mark.parametrize("caller", CALLERS)
def test_every_answer_is_described(installation, caller, tmp_path):
    line = [
        str(Path(sys.executable).parent / "st"), "--config-file", str(CONFIGURATION), "run", f"{installation.url}/schema/openapi.json",
        "--max-examples", "2", "--seed", "1", "--max-time", str(SECONDS), "--phases", "examples,coverage,fuzzing",
        "--continue-on-failure", "--no-color", "--suppress-health-check", "all", *authorisation(installation, caller),
    ]  # fmt: skip
    for path in LEFT_OUT:
        line += ["--exclude-path", path]
    run = subprocess.run(line, capture_output=True, text=True, timeout=6 * SECONDS, cwd=tmp_path, check=False)
    assert run.returncode == 0, run.stdout[-8000:]
    assert "failure" not in run.stdout


def test_every_call_has_an_example_that_fits_its_schema(installation):
    document = httpx.get(f"{installation.url}/schema/openapi.json", timeout=60).json()
    assert document["openapi"].startswith("3.1")
    examples, missing, compared = read_examples(home() / "src" / "greenbridge" / "examples.json"), [], 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            call = f"{method.upper()} {path}"
            if call not in examples:
                missing.append(call)
                continue
            shown = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (media for part in shown for media in part.get("content", {}).values()):
                for example in content.get("examples", {}).values():
                    schema = {**content["schema"], "components": document["components"]}
                    jsonschema.validate(example["value"], schema)
                    compared += 1
    assert not missing, f"no example of {missing}: run `python -m tests.access.write`"
    assert compared > 60


def test_every_operation_says_what_it_refuses_and_which_scope_opens_it(installation):
    document = httpx.get(f"{installation.url}/schema/openapi.json", timeout=60).json()
    claim = document["paths"]["/api/v1/open-needs/{need_id}/answers"]["post"]
    assert {"201", "200", "400", "401", "403", "404", "409", "422", "429", "500"} <= set(claim["responses"])
    assert {"oauth2": ["answers:write"]} in claim["security"]
    assert [p["name"] for p in claim["parameters"] if p["in"] == "header"] == ["Idempotency-Key"]
    assert document["paths"]["/api/v1/catalogue"]["get"]["security"] == []
    assert "RateLimit" in claim["responses"]["201"]["headers"]
