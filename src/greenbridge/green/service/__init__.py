"""The green rating: self-report, rating, review, publicity, certificates, standing; subsidies."""

from greenbridge.green.gateway import Files, Seal, files_of, seal_of
from greenbridge.green.rules.wire import forecast_json, signed_file, standing_json
from greenbridge.green.service import loans, peers, subsidies
from greenbridge.green.service.certifying import (
    Night,
    certificate_file,
    certificate_part,
    grades,
    night_of,
    nightly,
    object_to,
    on_show,
    past,
    pool,
    public,
    public_until,
    publicity,
    settle,
    waiting,
)
from greenbridge.green.service.rating import of_records, rate_labelled, rate_now
from greenbridge.green.service.rating import unreported as rate_unreported
from greenbridge.green.service.reporting import CaseView, act, document, mine, nobodys, open_case, request_review, submit, view
from greenbridge.green.service.reviewing import correct_class, decide, find, find_forgery, may_find, preview, work_list
from greenbridge.green.service.reviewing import open_case as open_for_review
from greenbridge.green.service.standing import certificates, counts, standing, touched
from greenbridge.green.service.stating import Particulars, may_state, read_file, search, set_particulars, state
from greenbridge.green.service.steps import firm_of, policy
from greenbridge.green.service.subsidies import forecast
from greenbridge.kit.canonical import canonical

__all__ = [
    "CaseView",
    "Files",
    "Night",
    "Particulars",
    "Seal",
    "act",
    "canonical",
    "certificate_file",
    "certificate_part",
    "certificates",
    "correct_class",
    "counts",
    "decide",
    "document",
    "files_of",
    "find",
    "find_forgery",
    "firm_of",
    "forecast",
    "forecast_json",
    "grades",
    "loans",
    "may_find",
    "may_state",
    "mine",
    "night_of",
    "nightly",
    "nobodys",
    "object_to",
    "of_records",
    "on_show",
    "open_case",
    "open_for_review",
    "past",
    "peers",
    "policy",
    "pool",
    "preview",
    "public",
    "public_until",
    "publicity",
    "rate_labelled",
    "rate_now",
    "rate_unreported",
    "read_file",
    "request_review",
    "seal_of",
    "search",
    "set_particulars",
    "settle",
    "signed_file",
    "standing",
    "standing_json",
    "state",
    "submit",
    "subsidies",
    "touched",
    "view",
    "waiting",
    "work_list",
]
