"""Paths of risk in sentences that are true and that the reader may see.

Who may be named: a firm that the reader is led to by something it may read (its borrower's own counterparties under consent, or the
public register of shareholders), and of whom what is said is public. Whom a counterparty trades with is that counterparty's own
affair: firms further along are told by their class. No probability of a third party is ever told.
"""

from collections.abc import Collection, Mapping

from greenbridge.kit.text import Text
from greenbridge.monitoring.values import HOLDING, TRADE, Channel, ContagionPolicy, Event, KeptHop, KeptPath

BANKRUPTCY = "courts.bankruptcy"
DISHONESTY = "courts.dishonesty"
SEVERE = "annual_report.severe_illegal_list"
ENFORCEMENT = "courts.enforcement"
ABNORMAL = "annual_report.abnormal_list"

_EVENTS: Mapping[str, tuple[Text, Text]] = {  # item -> (what it is since a day, a firm of which it holds)
    BANKRUPTCY: (Text("进入破产程序", "in bankruptcy proceedings"), Text("破产企业", "a bankrupt firm")),
    DISHONESTY: (Text("被列为失信被执行人", "listed as a dishonest debtor"), Text("失信被执行人", "a listed dishonest debtor")),
    SEVERE: (Text("被列入严重违法失信名单", "on the severe list"), Text("严重违法失信企业", "a firm on the severe list")),
    ENFORCEMENT: (Text("被强制执行", "enforced"), Text("被执行企业", "an enforced firm")),
    ABNORMAL: (Text("被列入经营异常名录", "on the abnormal list"), Text("经营异常企业", "a firm on the abnormal list")),
}
# What an exposure is: (its words with share and name, those where the whole is unknown, what the other is to the firm before it)
_TIES: Mapping[Channel, tuple[Text, Text, Text]] = {
    Channel.CUSTOMER: (
        Text("{when}销售额的 {share} 来自{who}", "{share} of sales{when} go to {who}"),
        Text("{when}向{who}销售", "sells{when} to {who}"),
        Text("客户", "customer"),
    ),
    Channel.SUPPLIER: (
        Text("{when}采购额的 {share} 来自{who}", "{share} of purchases{when} come from {who}"),
        Text("{when}向{who}采购", "buys{when} from {who}"),
        Text("供应商", "supplier"),
    ),
    Channel.GUARANTEED: (
        Text("为{who}提供担保，金额相当于年销售额的 {share}", "stands surety for {who}, for {share} of a year's sales"),
        Text("为{who}提供担保", "stands surety for {who}"),
        Text("被担保企业", "guaranteed firm"),
    ),
    Channel.GUARANTOR: (
        Text("{share} 的受保债务由{who}担保", "{who} stands surety for {share} of its guaranteed debt"),
        Text("其债务由{who}担保", "{who} stands surety for its debt"),
        Text("担保人", "guarantor"),
    ),
    Channel.OWNER: (
        Text("{share} 的股权由{who}持有", "{share} of its shares are held by {who}"),
        Text("股权由{who}持有", "its shares are held by {who}"),
        Text("股东", "shareholder"),
    ),
    Channel.INVESTMENT: (
        Text("持有{who} {share} 的股权", "holds {share} of the shares of {who}"),
        Text("持有{who}的股权", "holds shares of {who}"),
        Text("被投资企业", "firm it invested in"),
    ),
}
HIGH = Text("高风险", "high risk")
RAISED = Text("风险偏高", "raised risk")
ORDINARY = Text("一般风险", "ordinary risk")
SPREAD_OUT = Text("没有突出的单一来源，由多家关联企业合计", "No single source stands out; it adds up over several associated firms")


def event_words(event: Event) -> Text:
    """Return a public record in words, with its month. `enforced since 2026-03`."""
    what = _EVENTS[event.item][0]
    return Text(f"自 {event.since:%Y-%m} 起{what.zh}", f"{what.en} since {event.since:%Y-%m}")


def risk_class(risk: float, policy: ContagionPolicy) -> Text:
    """Return the class of a firm whose facts are not public."""
    return HIGH if risk >= policy.high_risk else RAISED if risk >= policy.raised_risk else ORDINARY


def may_be_told(path: KeptPath, readable: Collection[Channel]) -> bool:
    """Return whether a path may be told at all: its first tie is one that the reader may read."""
    return path.hops[0].channel in readable


def is_worth_telling(path: KeptPath, policy: ContagionPolicy, still: Collection[str]) -> bool:
    """Return whether a path says something: it ends in a public record that still stands, or in a class above the ordinary one."""
    return (path.event is not None and path.hops[-1].uscc in still) or path.risk >= policy.raised_risk


def sentence(path: KeptPath, *, names: Mapping[str, str], still: Collection[str], period: int | None, policy: ContagionPolicy) -> Text:
    """Return one path as a sentence.

    `names`: registered names by code. `still`: codes of firms whose public record may still be shown; a record that was removed or
    repaired since the measurement leaves only the class of its firm, and names nobody.
    """
    last = path.hops[-1]
    event = path.event if path.event and last.uscc in still else None
    public = all(hop.channel in HOLDING for hop in path.hops[1:])
    name = names.get(last.uscc) if event and public else None
    words = Text("，", ", ") if len(path.hops) == 1 else Text("；", "; ")
    said = event_words(event) if event else None
    if len(path.hops) == 1:
        who = _who(last, name, event, path.risk, policy)
        first = _tie(last, who, period)
        # What an unnamed firm is stands in the words for it already.
        return Text(f"{first.zh}{words.zh}{_it(name).zh}{said.zh}", f"{first.en}{words.en}{said.en}") if said and name else first
    first = _tie(path.hops[0], _between(path.hops[0]), period)
    onward = [_TIES[hop.channel][2] for hop in path.hops[1:]]
    role = Text("的".join(("该企业", *(step.zh for step in onward))), f"its {', whose '.join(step.en for step in onward)}")
    if name and said:
        return Text(f"{first.zh}{words.zh}{role.zh}“{name}”{said.zh}", f"{first.en}{words.en}{role.en} {name} has been {said.en}")
    what = _EVENTS[event.item][1] if event else risk_class(path.risk, policy)
    end = Text(f"为{what.zh}", f"is {what.en}") if event else Text(f"属于“{what.zh}”类", f"is of class: {what.en}")
    return Text(f"{first.zh}{words.zh}{role.zh}{end.zh}", f"{first.en}{words.en}{role.en} {end.en}")


def _tie(hop: KeptHop, who: Text, period: int | None) -> Text:
    words = _TIES[hop.channel][hop.share is None]
    told = period is not None and hop.channel in TRADE
    share = "" if hop.share is None else "＜1 %" if hop.share < 0.01 else f"{hop.share * 100:.0f} %"
    when = (f"{period} 年", f" of {period}") if told else ("", "")
    of = share.replace("＜", "<")
    return Text(words.zh.format(share=share, who=who.zh, when=when[0]), words.en.format(share=of, who=who.en, when=when[1]))


def _who(hop: KeptHop, name: str | None, event: Event | None, risk: float, policy: ContagionPolicy) -> Text:
    role = _TIES[hop.channel][2]
    if name:
        return Text(f"{role.zh}“{name}”", name)
    if event:
        since = event_words(event)
        return Text(f"一家{role.zh}（{since.zh}）", f"a {role.en} ({since.en})")
    found = risk_class(risk, policy)
    return Text(f"一家“{found.zh}”类{role.zh}", f"a {role.en} of class: {found.en}")


def _between(hop: KeptHop) -> Text:
    role = _TIES[hop.channel][2]
    return Text(f"一家{role.zh}", f"a {role.en}")


def _it(name: str | None) -> Text:
    return Text("该企业" if name else "", "")
