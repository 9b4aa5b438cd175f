"""What the walk puts in: one line for each parameter, one for each request that changes something, one for each exception.

A new route needs a line here when its path holds a new kind of id (`things`) or when it is not a GET (`ASKS`); then renew the
table with `python -m tests.access.write`.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from greenbridge.accounts.values import Role
from greenbridge.kit.codes import generated_uscc
from greenbridge.scoring.gateway import current_version
from greenbridge.settings import home
from tests.access.world import (
    ADMIN,
    CERTIFICATE,
    DEPARTMENT,
    FIRM,
    OFFICER,
    OPERATOR,
    OTHER_BANK,
    OTHER_ITEM,
    OUR_BANK,
    OUR_ITEM,
    REVIEWER,
    Caller,
    World,
    licence,
)
from tests.builders import PASSWORD, a_need_body

OWN, RELATED, UNNAMED, OPEN, ANY, OTHER, NONE = "own", "related", "unnamed", "open", "any", "other", "none"
# Relations in the order of the table's cells. The first one that a caller has is its home: mixed ids depart from it.
RELATIONS: Mapping[str, str] = {
    OWN: "the caller's own thing: its firm, its need, an answer to it, its bank's product, its department's item",
    RELATED: "of a firm that agreed to the caller's bank: the firm, a need that the bank answered, the answer",
    UNNAMED: "the same of a firm that did not agree: the bank answered its need and does not know whose it is",
    OPEN: "an open need that the caller's bank did not answer: every officer sees it, and nobody's name",
    ANY: "one that exists, for those whose work is all of them (the operator), or where it is public",
    OTHER: "another firm's, bank's or department's, with which the caller has nothing to do",
    NONE: "a well-formed id of nothing",
}
NOTHING = UUID("00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Things:
    """The ids that a parameter may stand for. The operator's `other` is called `any`: all of them are its work."""

    other: object
    none: object
    by_role: Mapping[Role, Mapping[str, object]] = field(default_factory=dict)
    public: bool = False

    def of(self, caller: Caller) -> dict[str, str]:
        """Return relation -> id for a caller, in the order of RELATIONS."""
        if self.public or caller is OPERATOR:
            found = {ANY: self.other, NONE: self.none, **self.by_role.get(OPERATOR, {})}
        else:
            own = self.by_role.get(caller, {}) if caller else {}
            found = {OTHER: self.other, NONE: self.none, **own}
        return {relation: str(found[relation]) for relation in RELATIONS if relation in found}


def _pledges(w: World) -> dict[str, Things]:
    """Return the pledges and registrations: for each route in the state that lets it go through."""

    def pledge(state: str, *roles: Role) -> Things:
        return Things(w.b_pledges[state], NOTHING, {role: {OWN: w.a_pledges[state]} for role in roles})

    def registration(state: str) -> Things:
        return Things(w.b_registrations[state], NOTHING, {OFFICER: {OWN: w.a_registrations[state]}})

    of_standing = {
        f"/api/v1/pledges/{{pledge_id}}/{deed} pledge_id": pledge("standing", FIRM, OFFICER) for deed in ("release", "transfer", "receipt")
    }
    pages = {
        f"{base}/{{pledge_id}}/receipt pledge_id": pledge("standing", FIRM, OFFICER) for base in ("/enterprise/pledges", "/officer/pledges")
    }
    cancellation = {
        f"{base}/{{registration_id}}/cancellation registration_id": registration("registered")
        for base in ("/api/v1/mortgage-registrations", "/officer/pledges/registrations")
    }
    named = {"pledge_id": pledge("offered", FIRM, OFFICER), "registration_id": registration("draft")}
    drafting = {"/api/v1/mortgage-registrations pledge_id": pledge("standing", OFFICER)}
    return {**named, **of_standing, **pages, **cancellation, **drafting}


def things(w: World) -> dict[str, Things]:
    """Return parameter -> its ids. A name stands for itself everywhere, `/path/{name}/more name` for the name in that path alone."""
    bank_firms = {RELATED: w.a.enterprise.id, UNNAMED: w.c.enterprise.id}
    bank_needs = {RELATED: w.a_claimed.id, UNNAMED: w.c_claimed.id, OPEN: w.b_open.id, OTHER: w.b_withdrawn.id}
    bank_answers = {RELATED: w.a_claim, UNNAMED: w.c_claim}
    withdrawn = {role: {RELATED: w.a_withdrawn_consent} for role in (OFFICER, ADMIN)}
    bank_consents = {role: {RELATED: w.a_consent} for role in (OFFICER, ADMIN)}
    return {
        "enterprise_id": Things(w.b.enterprise.id, NOTHING, {FIRM: {OWN: w.a.enterprise.id}, OFFICER: bank_firms, ADMIN: bank_firms}),
        "need_id": Things(w.b_open.id, NOTHING, {FIRM: {OWN: w.a_offered.id}, OFFICER: bank_needs, ADMIN: bank_needs}),
        "answer_id": Things(w.b_answer, NOTHING, {FIRM: {OWN: w.a_offer}, OFFICER: bank_answers, ADMIN: bank_answers}),
        "code": Things(f"{OTHER_BANK}-INV", "NO-SUCH-1", {OFFICER: {OWN: f"{OUR_BANK}-INV"}, ADMIN: {OWN: f"{OUR_BANK}-INV"}}),
        "batch_id": Things(w.other_batch.id, NOTHING, {DEPARTMENT: {OWN: w.our_batch.id}}),
        "consent_id": Things(w.b_consent, NOTHING, {FIRM: {OWN: w.a_consent}, **bank_consents}),
        "/api/v1/consents/{consent_id}/receipt consent_id": Things(w.b_consent, NOTHING, withdrawn),
        "/bank/consents/{consent_id}/receipt consent_id": Things(w.b_consent, NOTHING, withdrawn),
        "draft_id": Things(w.b_kept, NOTHING, {FIRM: {OWN: w.a_kept}}),
        "request_id": Things(w.b_request, NOTHING, {OFFICER: {OWN: w.a_request}}),
        "/officer/needs/{need_id}/refusal/{request_id} need_id": Things(w.b_open.id, NOTHING, {OFFICER: {OWN: w.a_asked.id}}),
        "/api/v1/answers/{answer_id}/supply answer_id": Things(w.b_answer, NOTHING, {FIRM: {OWN: w.a_supply}}),
        "/enterprise/answers/{answer_id}/supply answer_id": Things(w.b_answer, NOTHING, {FIRM: {OWN: w.a_supply}}),
        **{
            f"{path}/{{answer_id}}/release answer_id": Things(w.b_late, NOTHING, {FIRM: {OWN: w.a_late}})
            for path in ("/api/v1/answers", "/enterprise/answers", "/operator/deadlines/answers")
        },
        **{
            f"{path} need_id": Things(w.b_escalated.id, NOTHING)
            for path in (
                "/api/v1/escalated-needs/{need_id}/requests",
                "/api/v1/escalated-needs/{need_id}/answer",
                "/operator/deadlines/{need_id}",
                "/operator/deadlines/{need_id}/requests",
                "/operator/deadlines/{need_id}/answer",
            )
        },
        **{
            f"{path}/{{need_id}}/requests product_code": Things("NO-SUCH-2", "NO-SUCH-1", {FIRM: {OWN: w.a_fitting}})
            for path in ("/api/v1/needs", "/enterprise/needs")
        },
        **{
            f"{path}/{{need_id}}/requests product_code": Things("NO-SUCH-2", "NO-SUCH-1", {OPERATOR: {ANY: w.b_fitting}})
            for path in ("/api/v1/escalated-needs", "/operator/deadlines")
        },
        "objection_id": Things(w.b_objection, NOTHING, {FIRM: {OWN: w.a_objection}}),
        **_pledges(w),
        "query_id": Things(w.b_query, NOTHING, {OFFICER: {OWN: w.a_query}}),
        "step": Things("survey", "lunch", public=True),
        "function": Things("relationship_manager", "cook", public=True),
        "row_no": Things(0, 999_999, {DEPARTMENT: {OWN: 0}}),
        "/api/v1/deliveries/{batch_id}/rows/{row_no}/decision batch_id": Things(w.doubt.id, NOTHING, {DEPARTMENT: {OWN: w.our_batch.id}}),
        "/operator/doubts/{batch_id}/{row_no} batch_id": Things(w.doubt.id, NOTHING, {DEPARTMENT: {OWN: w.our_batch.id}}),
        "/api/v1/catalogue/{item} item": Things(OUR_ITEM, "no.such", public=True),
        "/language/{code} code": Things("en", "xx", public=True),
        "version": Things(current_version(home() / "ml" / "artifacts"), "no-such-model"),
        "/api/v1/schemes/{code} code": Things("tax-credit", "no-such-scheme", public=True),
        "/schemes/{code} code": Things("tax-credit", "no-such-scheme", public=True),
        # Whether a paper is ours: said of number and root together, to everybody.
        "number": Things("R260310-AAAAAAAA", "R000000-ZZZZZZZZ", public=True),
        # Drafts for what the firm does with one, a case under review for whom it was given to.
        "case_id": Things(w.b_green.draft, NOTHING, {FIRM: {OWN: w.a_green.draft}, REVIEWER: {OWN: w.a_green.case}}),
        "/reviewer/{case_id} case_id": Things(w.b_green.case, NOTHING, {FIRM: {OWN: w.a_green.case}, REVIEWER: {OWN: w.a_green.case}}),
        "/reviewer/{case_id}/findings case_id": Things(w.b_green.case, NOTHING, {REVIEWER: {OWN: w.a_green.case}}),
        "/reviewer/{case_id}/class case_id": Things(w.b_green.case, NOTHING, {REVIEWER: {OWN: w.a_green.case}}),
        "/reviewer/{case_id}/decision case_id": Things(w.b_green.case, NOTHING, {REVIEWER: {OWN: w.a_green.case}}),
        "/operator/green/{case_id}/settlement case_id": Things(w.b_green.case, NOTHING),
        "file_id": Things(w.b_green.file, NOTHING, {FIRM: {OWN: w.a_green.file}, REVIEWER: {OWN: w.a_green.file}}),
        "claim_id": Things(w.b_green.claim, NOTHING, {FIRM: {OWN: w.a_green.claim}}),
        "/green/{number}/objections number": Things(w.published, "G000000000000", public=True),
        "/green/certificates/{number} number": Things(CERTIFICATE, "Z000000000000", public=True),
        "/green/certificates/{number}/whole number": Things(CERTIFICATE, "Z000000000000"),
        "/enterprise/lists/{code} code": Things("sme-cixi", "no-such-list", public=True),
        "/bank/lists/{code} code": Things("sme-cixi", "no-such-list", public=True),
        # Named in a query or a body only.
        "uscc": Things(w.b.enterprise.uscc, generated_uscc(799, "330502"), {FIRM: {OWN: w.a.enterprise.uscc}}),
        "organisation_code": Things(OTHER_BANK, "GB99", {ADMIN: {OWN: OUR_BANK}, OFFICER: {OWN: OUR_BANK}}),
        "/api/v1/needs/{need_id}/matches/{product_code} product_code": Things(
            f"{OUR_BANK}-INV", "NO-SUCH-1", {FIRM: {OWN: f"{OUR_BANK}-INV"}}
        ),
        "/api/v1/product-drafts/{code} code": Things(f"{OTHER_BANK}-NEW", "NO-SUCH-1", {ADMIN: {OWN: f"{OUR_BANK}-NEW"}}),
        "/api/v1/product-drafts/{code}/publication code": Things(f"{OTHER_BANK}-NEW", "NO-SUCH-1", {ADMIN: {OWN: f"{OUR_BANK}-NEW"}}),
        "/api/v1/product-drafts code": Things(f"{OTHER_BANK}-XX", "NO-SUCH-1", {ADMIN: {OWN: f"{OUR_BANK}-XX"}}),
        "client_id": Things(w.other_channel.client, NOTHING, {ADMIN: {OWN: w.our_channel.client}}),
        "endpoint_id": Things(w.other_channel.endpoint, NOTHING, {ADMIN: {OWN: w.our_channel.endpoint}}),
        "delivery_id": Things(w.other_channel.delivery, 999_999_999, {ADMIN: {OWN: w.our_channel.delivery}}),
        "notice_id": Things(w.other_channel.notice, NOTHING, {ADMIN: {OWN: w.our_channel.notice}}),
        "/bank/api/webhooks/{endpoint_id}/{act} act": Things("test", "test", {ADMIN: {OWN: "test"}}),
        "product_code": Things(f"{OTHER_BANK}-INV", "NO-SUCH-1", {OFFICER: dict.fromkeys((RELATED, UNNAMED), f"{OUR_BANK}-INV")}),
        "proposal_id": Things(w.b_proposal, "R000000-ZZZZZZZZ.NO-SUCH-1.0000", {OFFICER: dict.fromkeys((RELATED, UNNAMED), w.a_proposal)}),
        "delivered_item": Things(OTHER_ITEM, "no.such", {DEPARTMENT: {OWN: OUR_ITEM}, OPERATOR: {ANY: OUR_ITEM}}),
    }


@dataclass(frozen=True)
class Ask:
    """What a request carries. `{name}` in a text is replaced as in a path. A page's form gets its CSRF token from the walk."""

    json: Any = None
    form: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    media: str | None = None
    file: tuple[str, bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _a_product() -> dict[str, Any]:
    document = tomllib.loads((home() / "products" / f"{OUR_BANK.lower()}-inv.toml").read_text())
    return json.loads(json.dumps({**document, "code": "{code}"}, default=str))


def _a_draft() -> str:
    return (home() / "products" / f"{OUR_BANK.lower()}-inv.toml").read_text().replace(f"{OUR_BANK}-INV", f"{OUR_BANK}-DRAFT")


_JWKS = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "kid": "2026-11",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    ]
}
_CLIENT = {"name": "核心系统", "scopes": ["needs:read", "answers:write"], "jwks": _JWKS}
_HOOK = {"url": "https://hooks.example.com/greenbridge", "topics": ["answer.*"]}
_ANY = {"if-match": "*"}
_OFFER = {"product_code": "{product_code}", "amount_fen": 50_000_000, "annual_rate_bp": 520, "term_months": 10, "valid_until": "2026-03-20"}
_TYPED_NEED = {
    "amount_fen": "100",
    "max_annual_rate_bp": "5",
    "term_months": "12",
    "purpose": "working_capital",
    "guarantee_modes": "credit",
}
_PENALTY = {"item": "penalties.administrative", "key": "湖处〔2025〕A701 号"}
_OBJECTION = {**_PENALTY, "ground": "outdated", "text": "该处罚已于当月履行完毕，请核对后更新。"}
_ORDER = {"buyer": generated_uscc(721, "330502"), "number": "A-1"}
_ASSET = {"kind": "order", "fields": _ORDER, "whole_fen": 1_000_000}
_PLEDGE = {"bank": OUR_BANK, "asset": _ASSET, "amount_fen": 500_000, "expires_on": "2026-06-01"}
_TYPED_PLEDGE = {"kind": "order", **_ORDER, "bank": OUR_BANK, "whole_fen": "1", "amount_fen": "0.5", "expires_on": "2026-06-01"}
_CERTIFICATE = "浙（2024）某市不动产权第1号"
# Every route that is not a GET, with what makes it go through where the caller may; Ask() where it carries nothing.
ASKS: Mapping[str, Ask] = {
    "POST /api/v1/accounts/sign-up": Ask(json={"login": "newcomer-1", "password": PASSWORD}),
    "POST /api/v1/accounts": Ask(
        json={"login": "newcomer-2", "password": PASSWORD, "role": "officer", "organisation_code": "{organisation_code}"}
    ),
    "POST /api/v1/tokens": Ask(json={"login": "firm-a", "password": PASSWORD}),
    "DELETE /api/v1/tokens/current": Ask(),
    "POST /api/v1/enterprises": Ask(json={"uscc": "{uscc}", "name": "湖州某某有限公司"}),
    "POST /api/v1/enterprises/{enterprise_id}/verification": Ask(),
    "POST /api/v1/enterprises/{enterprise_id}/needs": Ask(json=a_need_body()),
    "POST /api/v1/needs/{need_id}/withdrawal": Ask(),
    "POST /api/v1/needs/{need_id}/requests": Ask(json={"product_code": "{product_code}"}),
    "POST /api/v1/enterprises/{enterprise_id}/need-checks": Ask(json=a_need_body()),
    "POST /api/v1/need-drafts": Ask(json={"typed": {"amount_fen": "30"}}),
    "PUT /api/v1/need-drafts/{draft_id}": Ask(json={"typed": {"amount_fen": "30"}}),
    "DELETE /api/v1/need-drafts/{draft_id}": Ask(),
    "POST /api/v1/answers/{answer_id}/steps": Ask(json={"event": "contact"}),
    "POST /api/v1/answers/{answer_id}/supply": Ask(),
    "POST /api/v1/answers/{answer_id}/release": Ask(),
    "POST /api/v1/answers/{answer_id}/rating": Ask(json={"stars": 4, "reasons": ["quick"]}),
    "POST /api/v1/requests/{request_id}/refusal": Ask(json={"reasons": ["no_capacity"]}),
    "POST /api/v1/escalated-needs/{need_id}/requests": Ask(json={"product_code": "{product_code}"}),
    "POST /api/v1/escalated-needs/{need_id}/answer": Ask(json={"text": "目前没有合适的银行，请补充资料后再试。"}),
    "POST /enterprise/needs/drafts/{draft_id}/discard": Ask(),
    "POST /enterprise/needs/{need_id}/requests": Ask(form={"product_code": "{product_code}"}),
    "POST /enterprise/answers/{answer_id}/supply": Ask(),
    "POST /enterprise/answers/{answer_id}/release": Ask(),
    "POST /operator/deadlines/answers/{answer_id}/release": Ask(),
    "POST /enterprise/answers/{answer_id}/rating": Ask(form={"stars": "4", "reasons": "quick"}),
    "POST /officer/needs/{need_id}/steps/{answer_id}": Ask(form={"event": "contact"}),
    "POST /officer/needs/{need_id}/refusal/{request_id}": Ask(form={"reasons": "no_capacity"}),
    "POST /operator/deadlines/{need_id}/requests": Ask(form={"product_code": "{product_code}"}),
    "POST /operator/deadlines/{need_id}/answer": Ask(form={"text": "目前没有合适的银行，请补充资料后再试。"}),
    "POST /api/v1/open-needs/{need_id}/answers": Ask(),
    "POST /api/v1/open-needs/{need_id}/decisions": Ask(json={"proposal_id": "{proposal_id}"}),
    "POST /api/v1/answers/{answer_id}/offer": Ask(json=_OFFER),
    "POST /api/v1/answers/{answer_id}/decline": Ask(json={"reasons": ["no_capacity"]}),
    "POST /api/v1/answers/{answer_id}/agreement": Ask(),
    "POST /api/v1/answers/{answer_id}/acceptance": Ask(),
    "POST /api/v1/consents/{consent_id}/withdrawal": Ask(),
    "POST /api/v1/consents/{consent_id}/receipt": Ask(),
    "POST /api/v1/objections": Ask(json=_OBJECTION),
    "POST /api/v1/objections/{objection_id}/withdrawal": Ask(),
    "POST /api/v1/objections/{objection_id}/answer": Ask(json={"outcome": "not_upheld", "text": "经核查，部门的记录与文书一致。"}),
    "GET /enterprise/objections/new": Ask(query=_PENALTY),
    "POST /enterprise/objections/new": Ask(form=_OBJECTION),
    "POST /enterprise/objections/{objection_id}/withdrawal": Ask(),
    "POST /operator/objections/{objection_id}": Ask(form={"outcome": "not_upheld", "text": "经核查，部门的记录与文书一致。"}),
    "POST /api/v1/pledges": Ask(json=_PLEDGE),
    "POST /api/v1/pledges/{pledge_id}/acceptance": Ask(),
    "POST /api/v1/pledges/{pledge_id}/decline": Ask(json={"note": "账期过长"}),
    "POST /api/v1/pledges/{pledge_id}/withdrawal": Ask(),
    "POST /api/v1/pledges/{pledge_id}/release": Ask(),
    "POST /api/v1/pledges/{pledge_id}/transfer": Ask(json={"bank": OTHER_BANK}),
    "POST /api/v1/pledges/checks": Ask(json={"enterprise_id": "{enterprise_id}", "asset": _ASSET}),
    "POST /api/v1/mortgage-registrations": Ask(json={"pledge_id": "{pledge_id}"}),
    "POST /api/v1/mortgage-registrations/{registration_id}/submission": Ask(),
    "POST /api/v1/mortgage-registrations/{registration_id}/discard": Ask(),
    "POST /api/v1/mortgage-registrations/{registration_id}/cancellation": Ask(),
    "POST /api/v1/register-queries": Ask(json={"enterprise_id": "{enterprise_id}", "certificate_no": _CERTIFICATE}),
    "POST /enterprise/pledges/new": Ask(form=_TYPED_PLEDGE),
    "POST /enterprise/pledges/{pledge_id}/withdrawal": Ask(),
    "POST /officer/pledges/{pledge_id}": Ask(form={"act": "accept"}),
    "POST /officer/pledges/check": Ask(form={"kind": "order", **_ORDER, "whole_fen": "1", "enterprise": "{enterprise_id}"}),
    "POST /officer/pledges/queries": Ask(form={"enterprise": "{enterprise_id}", "certificate_no": _CERTIFICATE}),
    "POST /officer/pledges/registrations/{registration_id}/submission": Ask(),
    "POST /officer/pledges/registrations/{registration_id}/discard": Ask(),
    "POST /officer/pledges/registrations/{registration_id}/cancellation": Ask(),
    "PUT /api/v1/staff-views/{step}/{function}": Ask(json={"max_level": 2}, headers=_ANY),
    "POST /api/v1/products": Ask(json=_a_product()),
    "POST /api/v1/products/validation": Ask(json={**_a_product(), "code": f"{OUR_BANK}-DRAFT"}),
    "POST /api/v1/products/{code}/versions": Ask(),
    "PUT /api/v1/products/{code}/capacity": Ask(json={"capacity_left_wan": 5000}, headers=_ANY),
    "POST /api/v1/product-drafts": Ask(json=_a_product()),
    "PUT /api/v1/product-drafts/{code}": Ask(json=_a_product(), headers=_ANY),
    "DELETE /api/v1/product-drafts/{code}": Ask(),
    "POST /api/v1/product-drafts/{code}/publication": Ask(),
    "POST /api/v1/clients": Ask(json=_CLIENT),
    "PUT /api/v1/clients/{client_id}": Ask(json=_CLIENT, headers=_ANY),
    "DELETE /api/v1/clients/{client_id}": Ask(),
    "POST /api/v1/webhooks": Ask(json=_HOOK),
    "PUT /api/v1/webhooks/{endpoint_id}": Ask(json=_HOOK, headers=_ANY),
    "DELETE /api/v1/webhooks/{endpoint_id}": Ask(),
    "POST /api/v1/webhooks/{endpoint_id}/rotation": Ask(),
    "POST /api/v1/webhooks/{endpoint_id}/test": Ask(),
    "POST /api/v1/webhook-deliveries/{delivery_id}/replay": Ask(),
    "POST /api/v1/notices/read": Ask(),
    "POST /oauth/token": Ask(form={"grant_type": "client_credentials"}),
    "POST /notices/read": Ask(),
    "POST /notices/{notice_id}": Ask(),
    "POST /notices/preferences": Ask(form={"email": "somebody@example.com"}),
    "POST /bank/api/clients": Ask(form={"name": "核心系统", "scopes": "needs:read", "jwks": json.dumps(_JWKS)}),
    "POST /bank/api/clients/{client_id}": Ask(form={"name": "核心系统", "scopes": "needs:read", "jwks": json.dumps(_JWKS)}),
    "POST /bank/api/clients/{client_id}/revocation": Ask(),
    "POST /bank/api/webhooks": Ask(form={"url": "https://hooks.example.com/greenbridge", "topics": "*"}),
    "POST /bank/api/webhooks/{endpoint_id}/{act}": Ask(),
    "POST /bank/api/deliveries/{delivery_id}/replay": Ask(),
    "POST /api/v1/products/dry-runs": Ask(json={**_a_product(), "code": f"{OUR_BANK}-DRAFT"}),
    "PUT /api/v1/products/{code}/subscription": Ask(json={"on": True}),
    "POST /bank/needs/subscription": Ask(form={"product": "{code}", "told": "all"}),
    "POST /bank/dry-run": Ask(form={"text": _a_draft()}),
    "POST /api/v1/matches": Ask(json={"facts": {"amount_fen": 100_000_000, "region_code": "330502"}}),
    "POST /api/v1/matches/batch": Ask(json={"applicants": [{"amount_fen": 100_000_000}]}),
    "DELETE /api/v1/products/{code}": Ask(),
    "POST /api/v1/deliveries": Ask(query={"item": "{delivered_item}", "batch_id": "2"}, content=licence("L-2"), media="text/csv"),
    "POST /api/v1/deliveries/{batch_id}/rows/{row_no}/decision": Ask(json={"uscc": None}),
    "POST /api/v1/screenings": Ask(json={"firms": [{"uscc": "{uscc}"}]}),
    "POST /operator/screening": Ask(form={"rows": "uscc\n{uscc}\n", "grade": ""}),
    "POST /sign-up": Ask(form={"login": "newcomer-3", "password": PASSWORD}),
    "POST /sign-in": Ask(form={"login": "firm-a", "password": PASSWORD}),
    "POST /sign-out": Ask(),
    "POST /enterprise/start": Ask(form={"uscc": "{uscc}", "name": "湖州某某有限公司"}),
    "POST /enterprise/needs/new": Ask(form=_TYPED_NEED),
    "POST /enterprise/needs/{need_id}/withdrawal": Ask(),
    "POST /enterprise/answers/{answer_id}/agreement": Ask(),
    "POST /enterprise/answers/{answer_id}/acceptance": Ask(),
    "POST /enterprise/answers/{answer_id}/consent": Ask(form={"months": "24", "days": "30", "max_reads": "9", "shown": "tax.paid"}),
    "POST /enterprise/consents/{consent_id}/withdrawal": Ask(),
    "POST /bank/consents/{consent_id}/receipt": Ask(),
    "POST /bank/views/{step}/{function}": Ask(form={"max_level": "2"}),
    "POST /officer/needs/{need_id}/claim": Ask(),
    "POST /officer/needs/{need_id}/offer/{answer_id}": Ask(
        form={"product_code": f"{OUR_BANK}-INV", "amount_fen": "50", "annual_rate_bp": "5.2", "term_months": "10"}
    ),
    "POST /officer/needs/{need_id}/underwriting": Ask(form={"choice": "accept", "proposal_id": "{proposal_id}"}),
    "POST /officer/needs/{need_id}/decline/{answer_id}": Ask(form={"reasons": "no_capacity"}),
    "POST /operator/deliveries": Ask(form={"item": OUR_ITEM, "stated_at": ""}, file=("licences.csv", licence("L-3"))),
    "POST /operator/doubts/{batch_id}/{row_no}": Ask(form={"choice": "none"}),
    "GET /api/v1/green/forecast": Ask(query={"principal_fen": "500000000"}),
    "POST /enterprise/green": Ask(form={"subject": "project", "title": "新项目", "investment": "100"}),
    "POST /enterprise/green/{case_id}/particulars": Ask(form={"business_class": "project", "catalogue_code": "1.1"}),
    "POST /enterprise/green/{case_id}/statements": Ask(form={"name": "project_eia", "value": "yes", "pledge": "yes"}),
    "POST /enterprise/green/{case_id}/events": Ask(form={"event": "submit", "pledge": "yes"}),
    "POST /enterprise/green/claims": Ask(
        form={"reference": "L-9", "principal": "100", "drawn_on": "2026-01-05", "repaid_on": ""},
    ),
    "POST /enterprise/green/claims/{claim_id}/withdrawal": Ask(),
    "POST /reviewer/{case_id}/findings": Ask(form={"name": "project_eia", "value": "", "reason": "批复文件不是本项目的，不能证明"}),
    "POST /reviewer/{case_id}/class": Ask(form={"business_class": "trade", "reason": "该企业只做批发，不生产，属于商贸业"}),
    "POST /reviewer/{case_id}/decision": Ask(form={"choice": "reject", "words": "材料不足，不能认定为绿色项目。"}),
    "POST /operator/green/{case_id}/settlement": Ask(form={"choice": "forged", "reason": "经核查，批复文件系伪造。"}),
    "POST /operator/green/claims/{claim_id}": Ask(form={"event": "check", "note": ""}),
    "POST /green/{number}/objections": Ask(form={"reason": "公示内容与实际不符，请核查。"}),
    "POST /enterprise/lists/{code}": Ask(form={"choice": "join"}),
    "POST /bank/lists/{code}": Ask(form={"choice": "subscribe"}),
}

# Routes that the application does not answer itself: (path begins so, why they have no row).
LEFT_OUT: Mapping[str, str] = {
    "/static/": "files that ship with the package, the same for everybody",
    "/schema": "the description of the API and the files that render it, the same for everybody",
}
LEFT_OUT_METHODS: Mapping[str, str] = {"OPTIONS": "the framework answers it with the route's methods alone"}

# What a visitor may do. Everything else asks to sign in.
PUBLIC = frozenset(
    {
        "GET /",
        "GET /.well-known/greenbridge-keys.json",
        "GET /.well-known/oauth-authorization-server",
        "GET /api/v1/catalogue",
        "GET /api/v1/catalogue/{item}",
        "GET /api/v1/schemes",
        "GET /api/v1/schemes/{code}",
        "GET /catalogue",
        "GET /design",
        "GET /green",
        "GET /green/certificates/{number}",
        "GET /health/live",
        "GET /health/ready",
        "GET /language/{code}",
        "GET /oauth/jwks",
        "GET /schemes",
        "GET /schemes/{code}",
        "GET /sign-in",
        "GET /sign-up",
        "GET /verify/{number}",
        "POST /api/v1/accounts/sign-up",
        "POST /api/v1/tokens",
        "POST /sign-in",
        "POST /sign-out",
        "POST /sign-up",
    }
)

# (route, caller) -> why another's thing and no thing at all may be answered differently.
TOLD_APART: Mapping[tuple[str, Caller], str] = {
    ("GET /api/v1/products/{code}", FIRM): "every firm sees every listed product",
    ("GET /api/v1/products/{code}", DEPARTMENT): "listed products are shown to everybody who is signed in",
    ("GET /api/v1/products/{code}", REVIEWER): "listed products are shown to everybody who is signed in",
    ("POST /api/v1/products", ADMIN): "product codes are one list for all banks and are shown to every firm: a taken one must be refused",
    ("POST /api/v1/screenings", DEPARTMENT): "which codes the register knows, and which lists they stand on, is open to everybody",
    ("POST /api/v1/deliveries", DEPARTMENT): "which items there are, and whose, stands in the public catalogue",
}
