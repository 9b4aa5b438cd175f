from datetime import date

import pytest

from greenbridge.monitoring.rules import wording
from greenbridge.monitoring.values import Channel, Event, KeptHop, KeptPath
from tests.monitoring.networks import POLICY

ENFORCED = Event(wording.ENFORCEMENT, date(2026, 3, 4))
B, C, D = "B" * 18, "C" * 18, "D" * 18
NAMES = {B: "湖州乙公司", C: "湖州丙公司", D: "湖州丁公司"}


def a_path(*hops, risk=0.6, event=ENFORCED):
    return KeptPath(tuple(KeptHop(*hop) for hop in hops), 0.1, risk, event)


def said(path, names=NAMES, still=(B, C, D), period=2025):
    return wording.sentence(path, names=names, still=still, period=period, policy=POLICY)


def test_a_partner_with_a_public_record_is_named_with_share_period_and_month():
    text = said(a_path((B, Channel.CUSTOMER, 0.62)))
    assert text.zh == "2025 年销售额的 62 % 来自客户“湖州乙公司”，该企业自 2026-03 起被强制执行"
    assert text.en == "62 % of sales of 2025 go to 湖州乙公司, enforced since 2026-03"


def test_what_is_not_known_is_not_said_as_a_share():
    assert said(a_path((B, Channel.GUARANTEED, 5.0))).zh.startswith("为被担保企业“湖州乙公司”提供担保，金额相当于年销售额的 500 %")
    assert said(a_path((B, Channel.GUARANTEED, None))).en.startswith("stands surety for 湖州乙公司, enforced")
    assert said(a_path((B, Channel.INVESTMENT, 0.3))).zh.startswith("持有被投资企业“湖州乙公司” 30 % 的股权")
    for channel in Channel:
        text = said(a_path((B, channel, None)))
        assert "%" not in text.zh + text.en
        assert "{" not in text.zh + text.en


def test_a_partner_without_a_public_record_is_told_by_class_alone():
    text = said(a_path((B, Channel.CUSTOMER, 0.62), risk=0.55, event=None))
    assert text.zh == "2025 年销售额的 62 % 来自一家“高风险”类客户"
    assert text.en == "62 % of sales of 2025 go to a customer of class: high risk"
    assert "0.55" not in text.zh + text.en
    assert "55 %" not in text.zh + text.en


@pytest.mark.parametrize(("risk", "name"), [(0.4, "high risk"), (0.25, "raised risk"), (0.05, "ordinary risk")])
def test_classes(risk, name):
    assert wording.risk_class(risk, POLICY).en == name


def test_a_record_that_was_removed_since_names_nobody():
    text = said(a_path((B, Channel.CUSTOMER, 0.62)), still=())
    assert "湖州乙公司" not in text.zh
    assert "强制执行" not in text.zh
    assert "高风险" in text.zh


def test_whom_a_partner_trades_with_is_not_told_but_what_it_is():
    text = said(a_path((B, Channel.CUSTOMER, 0.62), (C, Channel.CUSTOMER, 0.5)))
    assert "乙" not in text.zh
    assert "丙" not in text.zh
    assert text.zh == "2025 年销售额的 62 % 来自一家客户；该企业的客户为被执行企业"
    assert text.en == "62 % of sales of 2025 go to a customer; its customer is an enforced firm"


def test_a_firm_behind_a_public_shareholding_is_named():
    text = said(a_path((B, Channel.CUSTOMER, 0.62), (C, Channel.OWNER, 0.7)))
    assert "湖州丙公司" in text.zh
    assert "湖州乙公司" not in text.zh


def test_a_trade_in_the_middle_hides_what_lies_behind_it():
    assert "丁" not in said(a_path((B, Channel.OWNER, 1.0), (C, Channel.SUPPLIER, 0.5), (D, Channel.OWNER, 1.0))).zh


def test_a_path_whose_first_tie_may_not_be_read_is_not_told():
    path = a_path((B, Channel.CUSTOMER, 0.62))
    assert wording.may_be_told(path, (Channel.CUSTOMER,))
    assert not wording.may_be_told(path, (Channel.OWNER, Channel.GUARANTEED))


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("item", sorted(POLICY.severity))
def test_every_channel_and_record_has_words(channel, item):
    text = said(a_path((B, channel, 0.004), event=Event(item, date(2026, 1, 1))))
    assert "＜1 %" in text.zh
    assert "<1 %" in text.en
    assert "{" not in text.zh + text.en
