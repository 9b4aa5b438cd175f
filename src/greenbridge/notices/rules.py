"""When something is sent again, what a person reads, which endpoint wants what."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import Formatter
from typing import Any

from greenbridge.kit.errors import FieldProblem
from greenbridge.kit.text import Language, Text
from greenbridge.notices.values import Catalogue, Contact, Retries, Topic

MAX_TOPICS = 40
_PATTERN = re.compile(r"[a-z_]+\.(?:[a-z_]+|\*)|\*")
# A dot-atom and a host name (RFC 5321 without quoting, comments, groups, address literals): what a header cannot read otherwise.
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_PHONE = re.compile(r"1\d{10}")
_GONE, _OK_FROM, _OK_TO = 410, 200, 300


def arrived(status: int | None) -> bool:
    """Return whether an endpoint took a message: any 2xx (Standard Webhooks 1.0). A redirect is no arrival."""
    return status is not None and _OK_FROM <= status < _OK_TO


def is_gone(status: int | None) -> bool:
    """Return whether an endpoint said that it wants nothing any more."""
    return status == _GONE


def next_try(retries: Retries, attempts: int, now: datetime, retry_after: str | None = None) -> datetime | None:
    """Return when to try again after `attempts` tries; None when it is given up.

    With waits of 5 s and 60 s: after the first try in 5 s, after the second in 60 s, after the third never. A Retry-After in
    seconds makes a wait longer, up to the policy's most, never shorter.
    """
    if attempts > len(retries.waits):
        return None
    wait = retries.waits[attempts - 1]
    if retry_after and retry_after.isdecimal() and len(retry_after) < 9:
        wait = max(wait, min(timedelta(seconds=int(retry_after)), retries.most))
    return now + wait


def rest_until(retries: Retries, failures: int, now: datetime, retry_after: str | None = None) -> datetime:
    """Return until when an endpoint is left alone, with all that waits for it, after so many attempts in a row that failed.

    With waits of 5, 60, 300 and 1800 s and a rest of 300 s at most: 5 s, 60 s, 300 s, 300 s. A Retry-After makes it longer up to that.
    """
    found = next_try(retries, min(failures, len(retries.waits)), now, retry_after)
    return min(found, now + retries.rest) if found else now + retries.rest


def wants(patterns: Sequence[str], topic: str) -> bool:
    """Return whether one of an endpoint's patterns names a topic. `wants(["answer.*"], "answer.chosen")`."""
    return any(p in {"*", topic} or (p.endswith(".*") and topic.startswith(p[:-1])) for p in patterns)


def topics_problem(patterns: Sequence[str], known: Mapping[str, Topic]) -> Text | None:
    """Return what is wrong with an endpoint's patterns, None for nothing: each must name a topic that there is."""
    if not 1 <= len(patterns) <= MAX_TOPICS:
        return Text(f"请选择 1 至 {MAX_TOPICS} 个主题", f"choose 1 to {MAX_TOPICS} topics")
    unknown = [p for p in patterns if not _PATTERN.fullmatch(p) or not any(wants([p], topic) for topic in known)]
    return Text(f"没有这些主题：{'、'.join(unknown)}", f"there are no such topics: {', '.join(unknown)}") if unknown else None


def _filled(template: str, payload: Mapping[str, Any]) -> str | None:
    """Return a template with its places filled; None when the payload lacks one."""
    places = {name for _, name, _, _ in Formatter().parse(template) if name}
    if not all(payload.get(place) not in {None, ""} for place in places):
        return None
    return template.format_map({place: str(payload[place]) for place in places})


def sentence(topic: Topic, payload: Mapping[str, Any], language: Language) -> str:
    """Return the first of a topic's sentences that the payload fills; the last one has no places."""
    return next(said for words in topic.sentences if (said := _filled(words.in_(language), payload)) is not None)


def link(topic: Topic, payload: Mapping[str, Any], role: str) -> str:
    """Return the first of a topic's links for a role that the payload fills; the inbox where there is none."""
    for for_role, templates in topic.links.items():
        if for_role == role:
            return next((found for t in templates if (found := _filled(t, payload)) is not None), "/notices")
    return "/notices"


def contact_problems(contact: Contact) -> tuple[FieldProblem, ...]:
    """Return what is wrong with where a person wants to be reached; empty fields are well."""
    found = []
    if contact.email and not _EMAIL.fullmatch(contact.email):
        found.append(FieldProblem("email", Text("请填写完整的邮箱地址", "Give a whole e-mail address")))
    if contact.phone and not _PHONE.fullmatch(contact.phone):
        found.append(FieldProblem("phone", Text("请填写 11 位手机号", "Give a mobile number of 11 digits")))
    return tuple(found)


def catalogue_problems(catalogue: Catalogue) -> tuple[str, ...]:
    """Return what is wrong with the catalogue: a topic whose last sentence has places, or whose subject is not described."""
    found = []
    for topic in catalogue.topics.values():
        last = topic.sentences[-1]
        if any(_filled(words, {}) is None for words in (last.zh, last.en)):
            found.append(f"{topic.name}: the last sentence has places")
        if topic.subject not in catalogue.subjects:
            found.append(f"{topic.name}: no subject {topic.subject}")
        if not topic.roles:
            found.append(f"{topic.name}: nobody is told")
    return tuple(found)
