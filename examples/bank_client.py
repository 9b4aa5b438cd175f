"""A bank's system at work: it lists a product, takes needs up, offers, hears of the acceptance by webhook, and reports the loan.

    python examples/bank_client.py --url http://127.0.0.1:8000 --client-id ID --key key.json --product product.toml --listen 127.0.0.1:9100

`key.json`: the private JWK whose public part the bank's administrator registered (docs/bank-api.md shows how). Everything that the
script does is one call of the API each; its answers are printed as JSON lines, one a step.
"""

import argparse
import json
import queue
import sys
import threading
import time
import tomllib
import uuid
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import Key, import_key
from standardwebhooks import Webhook, WebhookVerificationError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JSON, TOML = "application/json", "application/toml"


class Bank:
    """The API as this bank's program sees it: a token that is fetched anew before it ends, a key against doubles on every POST."""

    def __init__(self, url: str, client_id: str, key: Key, algorithm: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, headers={"accept-language": "en"})
        self._client_id, self._key, self._algorithm = client_id, key, algorithm
        self._token, self._good_until = "", 0.0
        self._endpoint = self._http.get("/.well-known/oauth-authorization-server").raise_for_status().json()["token_endpoint"]

    def _headers(self) -> dict[str, str]:
        if time.time() > self._good_until - 30:
            now = int(time.time())
            claims = {
                "iss": self._client_id, "sub": self._client_id, "aud": self._endpoint,
                "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex,
            }  # fmt: skip
            assertion = jwt.encode({"alg": self._algorithm, "kid": self._key.kid}, claims, self._key, algorithms=[self._algorithm])
            form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
            found = self._http.post("/oauth/token", data=form).raise_for_status().json()
            self._token, self._good_until = found["access_token"], time.time() + found["expires_in"]
        return {"authorization": f"Bearer {self._token}"}

    def call(self, method: str, path: str, *, accept: tuple[int, ...] = (), **carried: Any) -> httpx.Response:
        """Send a request; one that failed on the way, or was one too many, is sent again with the same key: it is carried out once."""
        headers = dict(carried.pop("headers", {}))
        if method == "POST":
            headers["idempotency-key"] = uuid.uuid4().hex
        for wait in (1, 2, 4, None):
            try:
                answer = self._http.request(method, f"/api/v1{path}", headers={**self._headers(), **headers}, **carried)
            except httpx.TransportError:
                if wait is None:
                    raise
                time.sleep(wait)
                continue
            busy = answer.status_code == 409 and answer.json()["type"].endswith("idempotency-in-progress")
            if (busy or answer.status_code in {429, 502, 503}) and wait is not None:
                time.sleep(float(answer.headers.get("retry-after", wait)))
                continue
            if answer.is_error and answer.status_code not in accept:
                raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
            return answer
        raise SystemExit(f"{method} {path}: no answer")


class Endpoint:
    """Where the service calls us. A message is checked, then taken once: its id may come again."""

    def __init__(self, host: str, port: int) -> None:
        self.secret = ""
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.doubles = 0
        taken: set[str] = set()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                try:
                    message = Webhook(endpoint.secret).verify(body, dict(self.headers.items()))
                except (WebhookVerificationError, ValueError):
                    self.send_response(401)
                    self.end_headers()
                    return
                if self.headers["webhook-id"] in taken:
                    endpoint.doubles += 1
                else:
                    taken.add(self.headers["webhook-id"])
                    endpoint.messages.put(message)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self.url = f"http://{host}:{self._server.server_port}/webhooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for(self, topic: str, need_id: str, seconds: float) -> dict[str, Any]:
        """Return the data of the first message of a topic about a need."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.messages.get(timeout=left)
            except queue.Empty:
                break
            if message["type"] == topic and message["data"].get("need_id") == need_id:
                data: dict[str, Any] = message["data"]
                return data
        raise SystemExit(f"no {topic} came within {seconds} seconds")


def say(step: str, **told: Any) -> None:
    """Print one step."""
    print(json.dumps({"step": step, **told}, ensure_ascii=False), flush=True)


def list_product(bank: Bank, file: Path) -> dict[str, Any]:
    """Check a product file, keep it as a draft and list it, as the next version where it is listed already."""
    source = file.read_text(encoding="utf-8")
    checked = bank.call("POST", "/products/validation", content=source.encode(), headers={"content-type": TOML}).json()
    if not checked["valid"]:
        raise SystemExit("\n".join(f"{p['field']}: {p['message']}" for p in checked["problems"]))
    code = tomllib.loads(source)["code"]
    earlier = bank.call("GET", f"/products/{code}", accept=(404,))
    if earlier.status_code == 200:
        return dict(earlier.json()["document"])
    bank.call("DELETE", f"/product-drafts/{code}", accept=(404,))
    bank.call("POST", "/product-drafts", content=source.encode(), headers={"content-type": TOML})
    return dict(bank.call("POST", f"/product-drafts/{code}/publication").json()["document"])


def take_up(bank: Bank, product: dict[str, Any], seconds: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the feed until a need comes that the product may fit, and claim a slot of it; return (need with its terms, answer)."""
    cursor, until = "", time.monotonic() + seconds
    while time.monotonic() < until:
        page = bank.call("GET", "/open-needs/feed", params={"cursor": cursor} if cursor else {}).json()
        cursor = page["next_cursor"] or ""
        for need in page["items"]:
            fits = any(p["code"] == product["code"] and p["eligibility"] == "eligible" for p in need["products"])
            if fits and need["slots_left"] and need["answer"] is None:
                claimed = bank.call("POST", f"/open-needs/{need['need_id']}/answers", accept=(404, 409))
                if claimed.is_success:
                    return bank.call("GET", f"/open-needs/{need['need_id']}").json(), claimed.json()
        if not page["items"]:
            time.sleep(0.5)
    raise SystemExit(f"no need that {product['code']} fits came within {seconds} seconds")


def offer(bank: Bank, product: dict[str, Any], need: dict[str, Any], answer_id: str) -> dict[str, Any]:
    """Offer what the firm asked for, as far as the product goes, at the lower of what it pays and what the product costs at most."""
    terms, amount, rate, months = need["terms"], product["amount_wan"], product["annual_rate_percent"], product["term_months"]
    wan = 1_000_000  # fen
    body = {
        "product_code": product["code"],
        "amount_fen": min(terms["amount_fen"], round(amount["max"] * wan)),
        "annual_rate_bp": max(min(terms["max_annual_rate_bp"], round(rate["max"] * 100)), round(rate["min"] * 100)),
        "term_months": min(terms["term_months"], round(months["max"])),
        "valid_until": min(date.fromisoformat(need["open_until"]), _day(need) + timedelta(days=10)).isoformat(),
    }
    return dict(bank.call("POST", f"/answers/{answer_id}/offer", json=body).json())


def _day(need: dict[str, Any]) -> date:
    return datetime.fromisoformat(need["published_at"]).date()


def report_loan(bank: Bank, answer_id: str, made: dict[str, Any], today: date) -> None:
    """Report approval, contract and disbursement."""
    amount, path = made["offer"]["amount_fen"], f"/answers/{answer_id}/steps"
    bank.call("POST", path, json={"event": "approve", "amount_fen": amount, "annual_rate_bp": made["offer"]["annual_rate_bp"]})
    bank.call("POST", path, json={"event": "sign", "contract_number": f"HT-{uuid.uuid4().hex[:8].upper()}"})
    bank.call("POST", path, json={"event": "pay_out", "amount_fen": amount, "paid_on": today.isoformat()})


def main() -> None:
    """Go through a loan's life as a bank's system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--key", type=Path, required=True, help="the private JWK")
    parser.add_argument("--algorithm", default="ES256")
    parser.add_argument("--product", type=Path, required=True, help="a product file (TOML)")
    parser.add_argument("--listen", default="127.0.0.1:0", help="host:port for webhooks")
    parser.add_argument("--wait", type=float, default=120, help="seconds to wait for a need, and for its firm")
    asked = parser.parse_args()

    bank = Bank(asked.url, asked.client_id, import_key(json.loads(asked.key.read_text())), asked.algorithm)
    host, _, port = asked.listen.rpartition(":")
    endpoint = Endpoint(host, int(port))
    hook = bank.call("POST", "/webhooks", json={"url": endpoint.url, "topics": ["answer.*", "need.*"]}).json()
    endpoint.secret = hook["secret"]
    say("webhook", id=hook["id"], url=hook["url"])
    product = list_product(bank, asked.product)
    say("product", code=product["code"], version=product["version"])
    need, claimed = take_up(bank, product, asked.wait)
    say("claimed", need=need["number"], answer=claimed["id"])
    made = offer(bank, product, need, claimed["id"])
    say("offered", answer=made["id"], offer=made["offer"])
    told = endpoint.wait_for("answer.chosen", need["need_id"], asked.wait)
    say("chosen", data=told, doubles=endpoint.doubles)
    report_loan(bank, claimed["id"], made, _day(need))
    say("disbursed", answer=made["id"], amount_fen=made["offer"]["amount_fen"])
    bank.call("DELETE", f"/webhooks/{hook['id']}")


if __name__ == "__main__":
    sys.exit(main())
