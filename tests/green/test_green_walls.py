"""The second wall: what each caller's session sees of green rows, asked without any WHERE; and the files in an object store."""

import http.server
import threading
from typing import ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from greenbridge.accounts.values import Role
from greenbridge.consents import service as consents
from greenbridge.consents.values import WorkStep
from greenbridge.facts import service as facts
from greenbridge.green import service as green
from greenbridge.green.gateway import S3Files
from greenbridge.green.service import subsidies
from greenbridge.green.values import Upload
from greenbridge.kit import database
from greenbridge.kit.errors import Problem
from tests.builders import a_verified_firm, an_actor

TABLES = (
    "green_case", "green_event", "green_rating", "green_statement", "green_file", "green_certificate", "green_certificate_end",
    "subsidy_claim", "subsidy_event",
)  # fmt: skip


@pytest.fixture
async def counts(place, sessions):
    case_id = await place.certified()
    place.later(30)
    await subsidies.claim(place.session, place.actor, place.loan("L-1", 100_000_000, place.now.date().replace(day=1), None), place.now)
    await green.find_forgery(place.session, place.operator, case_id, "收入证明经核查系伪造，印章不符。", place.now)
    await place.session.commit()

    async def ask(caller):
        async with sessions.begin() as session:
            database.confine(session, caller, place.now)
            return {t: (await session.execute(text(f"select count(*) from {t}"))).scalar_one() for t in TABLES}

    return ask


async def test_a_firm_sees_its_own_a_reviewer_its_cases_and_nobody_else_anything(place, counts):
    own = await counts(place.actor)
    assert all(own[t] > 0 for t in TABLES)
    reviewed = await counts(place.reviewer)
    assert {t for t in TABLES if reviewed[t]} == {"green_case", "green_event", "green_rating", "green_statement", "green_file"}
    stranger, _ = await a_verified_firm(place.session, place.now, 36)
    others = [
        await an_actor(place.session, place.now, role, code)
        for role, code in ((Role.REVIEWER, "RV02"), (Role.OFFICER, "GB01"), (Role.DEPARTMENT, "tax"))
    ]
    await place.session.commit()
    for caller in (stranger, *others, None):
        assert set((await counts(caller)).values()) == {0}, caller


async def test_a_bank_with_a_consent_sees_the_standing_and_no_evidence(place, counts, sessions):
    officer = await an_actor(place.session, place.now, Role.OFFICER, "GB01")
    to = (place.firm.id, officer.organisation.id, (WorkStep.SURVEY,), facts.described(), place.now)
    await consents.grant(place.session, *to, told_by=None, narrowing=None, basis="")
    await place.session.commit()
    seen = await counts(officer)
    assert {t for t in TABLES if seen[t]} == {"green_case", "green_event", "green_certificate", "green_certificate_end"}
    async with sessions.begin() as session:
        database.confine(session, officer, place.now)
        assert (await green.standing(session, place.firm.id, place.now.date(), place.now)).state == "forged"


async def test_everybody_sees_publicity_without_points(place, counts, sessions):
    async with sessions.begin() as session:
        database.confine(session, None, place.now)
        (row,) = await green.public(session)
        assert (row["name"], row["state"]) == (place.firm.name, "forged")
        assert "points" not in row


@pytest.mark.parametrize(
    "change",
    [
        "insert into green_certificate select * from green_certificate",
        "update green_event set state = 'certified'",
        "delete from green_statement",
        "update subsidy_claim set amount_fen = 1",
        "select * from subsidy_posting",
    ],
)
async def test_a_firm_writes_no_certificate_and_reads_no_ledger(place, sessions, change):
    await place.session.commit()
    with pytest.raises((ProgrammingError, DBAPIError)):
        async with sessions.begin() as session:
            database.confine(session, place.actor, place.now)
            await session.execute(text(change))


class Store(http.server.BaseHTTPRequestHandler):
    """A little of S3: objects in memory; a request without a SigV4 header is refused."""

    kept: ClassVar[dict[str, bytes]] = {}
    protocol_version = "HTTP/1.1"

    def _answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _signed(self):
        return self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 Credential=tester/")

    def do_PUT(self):
        body = self._body()
        if not self._signed():
            return self._answer(403)
        self.kept[self.path.split("?")[0]] = body
        return self._answer(200, ETag='"x"')

    def _body(self):
        if self.headers.get("Transfer-Encoding") != "chunked" and "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return self.rfile.read(int(self.headers["Content-Length"]))
        raw = self.rfile.read(int(self.headers["Content-Length"])) if self.headers.get("Content-Length") else self._chunks()
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return raw
        found, rest = b"", raw
        while rest:
            head, _, rest = rest.partition(b"\r\n")
            size = int(head.split(b";")[0], 16)
            if not size:
                break
            found, rest = found + rest[:size], rest[size + 2 :]
        return found

    def _chunks(self):
        found = b""
        while size := int(self.rfile.readline().strip(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        found = self.kept.get(self.path.split("?")[0])
        if found is None or not self._signed():
            return self._answer(404)
        return self._answer(200, found, ETag='"x"', Last_Modified="Tue, 10 Mar 2026 02:00:00 GMT")

    def log_message(self, *_):
        pass


@pytest.fixture
def store(monkeypatch):
    Store.kept = {}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    for name, value in {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


async def test_uploads_go_to_an_object_store_with_signed_requests_and_come_back(place, store):
    files = S3Files("s3://evidence/green", store)
    case_id = await place.a_case({"eliminated_capacity": "no"}, file=False)
    pdf = b"%PDF-1.7 in the store %%EOF"
    args = (place.session, place.actor, place.book, files, case_id, "green_revenue_share", "0.6", place.now)
    await green.state(*args, pledged=True, upload=Upload("a.pdf", pdf))
    statement = next(s for s in (await green.view(place.session, place.actor, case_id)).statements if s.file)
    assert Store.kept == {f"/evidence/green/{statement.file.key}": pdf}
    assert (await green.read_file(place.session, place.actor, files, statement.file.id))[1] == pdf
    (kept,) = (await place.session.execute(text("select content is null from green_file"))).scalars()
    assert kept
    Store.kept.clear()
    with pytest.raises(Problem, match="does not answer"):
        await green.read_file(place.session, place.actor, files, statement.file.id)


def test_an_address_that_is_no_store_is_refused():
    with pytest.raises(ValueError, match="s3://bucket"):
        S3Files("ftp://elsewhere", None)
