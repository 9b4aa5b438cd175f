"""What changed at a borrower since a day, each thing with its words and its weight."""

from collections.abc import Mapping, Sequence
from datetime import date

from greenbridge.consents.rules import age
from greenbridge.facts.values import Fact, Item
from greenbridge.kit.money import in_wan
from greenbridge.kit.text import Text
from greenbridge.monitoring.values import LEVEL_NAMES, Change, Channel, Level, ScoreThen, WatchPolicy
from greenbridge.scoring.rules.features import INVOICE_SUMS, MODEL_FIELDS, fields_of, reach
from greenbridge.scoring.values import KeptScore

__all__ = ["MODEL_FIELDS", "READS", "age", "contagion_change", "fields_of", "record_changes", "score_change", "score_reach", "then"]
LEVELS = tuple(Level)
# What a tie is made of: the fields that a reader of it must be let see. Who a partner is counts like a list of partners.
_PARTNERS = ("tax.vat_invoices.counterparty_id", *INVOICE_SUMS)
_GUARANTEES = ("annual_report.guarantees_given.debtor", "annual_report.guarantees_given.debt")
_HOLDERS = ("registration.shareholders.investor", "registration.shareholders.investor_uscc", "registration.shareholders.share")
READS: Mapping[Channel, tuple[str, ...]] = {
    Channel.CUSTOMER: _PARTNERS,
    Channel.SUPPLIER: _PARTNERS,
    Channel.GUARANTEED: _GUARANTEES,
    Channel.GUARANTOR: _GUARANTEES,
    Channel.OWNER: _HOLDERS,
    Channel.INVESTMENT: _HOLDERS,
}


def score_reach(last_month: date | None, today: date) -> int:
    """Return how many months back a probability speaks: to read it, the agreed months must reach so far."""
    return age(reach(last_month), today) if last_month else 0


def then(score: KeptScore) -> ScoreThen:
    """Return a score as the list tells it."""
    return ScoreThen(score.as_of, score.default_probability, score.band, score.model_version, score.reason)


def score_change(before: ScoreThen | None, after: ScoreThen | None, policy: WatchPolicy) -> Change | None:
    """Return how the probability of default moved; None: by less than counts, or one of the two is unknown.

    Two versions of the model are not one scale: then that is said, and weighs nothing.
    """
    if before is None or after is None:
        return None
    moved = after.probability - before.probability
    if abs(moved) < policy.least_change:
        return None
    days = Text(f"{before.as_of} 至 {after.as_of}", f"{before.as_of} to {after.as_of}")
    one, other = f"{before.probability * 100:.1f} %", f"{after.probability * 100:.1f} %"
    zh = f"违约概率从 {one}（{before.band}）{'升' if moved > 0 else '降'}至 {other}（{after.band}），{days.zh}"
    en = f"Probability of default {'rose' if moved > 0 else 'fell'} from {one} ({before.band}) to {other} ({after.band}), {days.en}"
    if before.model_version != after.model_version:
        models = f"{before.model_version} → {after.model_version}"
        return Change(
            "model", Text(f"{zh}；模型不同（{models}），不可直接比较", f"{en}; by two models ({models}), not to be compared"), 0.0
        )
    return Change("score", Text(zh, en), moved, (after.reason,) if after.reason and moved > 0 else ())


def record_changes(
    found: Sequence[Fact], known: Mapping[str, Item], amounts_shown: Mapping[str, bool], since: date, policy: WatchPolicy
) -> tuple[Change, ...]:
    """Return the adverse records that began after a day, the weightiest first; a closed one counts a fifth."""
    changes = []
    for fact in found:
        if fact.item not in policy.records or fact.valid_from <= since:
            continue
        item = known[fact.item]
        closed = fact.values.get(item.closed_by) if item.closed_by else None
        amount = fact.values.get("amount_fen") if amounts_shown.get(fact.item) else None
        more = Text(f"，{in_wan(amount)} 万元", f", {in_wan(amount)} x10k yuan") if amount else Text("", "")
        end = Text(f"（{closed} 已了结）", f" (closed {closed})") if closed else Text("", "")
        said = Text(
            f"{fact.valid_from} 新增{item.label.zh}{more.zh}{end.zh}", f"{fact.valid_from} new: {item.label.en.lower()}{more.en}{end.en}"
        )
        changes.append(Change("record", said, policy.records[fact.item] * (0.2 if closed else 1.0)))
    return tuple(sorted(changes, key=lambda change: (-change.weight, change.text.zh)))


def contagion_change(before: Level | None, after: Level, paths: Sequence[Text], policy: WatchPolicy) -> Change | None:
    """Return how the risk that reaches a firm from others changed, with its paths; None: there is none to speak of, as before.

    `before=None`: nothing was measured then.
    """
    rose = LEVELS.index(after) - LEVELS.index(before) if before else 0
    now = LEVEL_NAMES[after]
    if before and rose:
        was = LEVEL_NAMES[before]
        zh, en = f"关联风险传导从“{was.zh}”变为“{now.zh}”", f"Risk from associated firms went from {was.en} to {now.en}"
    elif after is not Level.NONE:
        since = Text("，此前未测量", ", not measured before") if before is None else Text("，与此前相同", ", as before")
        zh, en = f"关联风险传导“{now.zh}”{since.zh}", f"Risk from associated firms is {now.en}{since.en}"
    else:
        return None
    weight = rose * policy.contagion_step + (LEVELS.index(after) * policy.contagion_stands if rose >= 0 else 0.0)
    return Change("contagion", Text(zh, en), weight, tuple(paths))
