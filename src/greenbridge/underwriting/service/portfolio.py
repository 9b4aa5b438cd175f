"""A portfolio for firms of a file or of the database: ratings, optimum, strategies, worse worlds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.consents import service as consents
from greenbridge.consents.values import ReadKind
from greenbridge.enterprises import service as enterprises
from greenbridge.enterprises.values import Enterprise, EnterpriseStatus
from greenbridge.kit.calendar import business_date
from greenbridge.kit.errors import Problem
from greenbridge.kit.text import Text
from greenbridge.reference import service as reference
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.underwriting import gateway
from greenbridge.underwriting.rules import classes, portfolio, strategies
from greenbridge.underwriting.rules.churn import Churn, Floats, Ints
from greenbridge.underwriting.rules.portfolio import Firms, Plan, Terms
from greenbridge.underwriting.rules.strategies import Result, Scenario

BATCH = 1_000
NO_LIMIT_FEN = 10**15


@dataclass(frozen=True, slots=True)
class Study:
    """The optimum and what it was compared with. `notes`: how ratings came about, and what the figures do not know."""

    firms: Firms
    terms: Terms
    plan: Plan
    results: tuple[Result, ...]
    scenarios: tuple[Scenario, ...]
    notes: tuple[Text, ...]


def ratings(probability: Floats, model_version: str | None) -> tuple[Ints, Text]:
    """Return (ratings of firms that have none, how they were given): by cuts learnt for the model, else by the shares of the rated."""
    known = gateway.rating_classes()
    learnt = known["models"].get(model_version or "")
    if learnt:
        cuts = "、".join(f"{cut:.2%}" for cut in learnt["cuts"])
        zh = f"评级按 {model_version} 的违约概率切分点（{cuts}）给出，切分点取自 123 家有评级企业的折外概率"
        en = f"Rated by cuts on the probability of {model_version} ({cuts}), learnt from out-of-fold probabilities of 123 rated firms"
        return classes.by_cuts(probability, learnt["cuts"]), Text(zh, en)
    zh = "评级按违约概率排序、依 123 家有评级企业的 A、B、C、D 占比（27:38:34:24）给出；该模型没有切分点"
    en = (
        "Rated by rank of probability at the shares of A, B, C and D among 123 rated firms (27:38:34:24): no cuts are learnt for this model"
    )
    return classes.by_shares(probability, known["shares"]), Text(zh, en)


def firms_of(
    ids: Sequence[str],
    probability: Sequence[float],
    given: Sequence[int | None],
    industry: Sequence[str],
    most_fen: Sequence[int | None],
    model_version: str | None,
) -> tuple[Firms, tuple[Text, ...]]:
    """Return firms of rows, and notes; where a rating is not given, it follows from the probability."""
    p = np.asarray(probability, dtype=float)
    found, how = ratings(p, model_version)
    own = np.array([-1 if one is None else one for one in given], dtype=np.int64)
    notes = (how,) if (own < 0).any() else ()
    most = np.array([NO_LIMIT_FEN if one is None else one for one in most_fen], dtype=np.int64)
    return Firms(tuple(ids), p, np.where(own < 0, found, own), most, tuple(industry)), notes


async def firms_of_the_place(session: AsyncSession, model: DefaultModel, now: datetime) -> tuple[Firms, tuple[Text, ...]]:
    """Return the verified firms with their probabilities as of today, and notes. Each sees in its ledger that it was read."""
    today, scored = business_date(now), []
    verified = [firm for firm in await enterprises.every(session) if firm.status is EnterpriseStatus.VERIFIED]
    for start in range(0, len(verified), BATCH):
        some = verified[start : start + BATCH]
        scores = await scoring.score(session, some, model, today, now)
        scored += [(firm, scores[firm.id].default_probability) for firm in some if firm.id in scores]
        await consents.record_operators(session, [firm.id for firm in some], scoring.fields_read(model), ReadKind.FACTS, now)
    if not scored:
        raise Problem("no-scores", "没有可评分的企业。", "No firm has a probability of default.")
    none: list[None] = [None] * len(scored)
    rows = ([firm.uscc for firm, _ in scored], [p for _, p in scored], none, [_industry(firm) for firm, _ in scored], none)
    firms, notes = firms_of(*rows, model.version)
    without = len(verified) - len(scored)
    caveat = Text(
        "这些企业不在模型的训练样本中，也可能与之不同；违约概率是有刻度的排序，期望利润随之变动，见情景",
        "These firms are not among those that the model learnt from and may differ from them: the probabilities are a rank with a scale,"
        " and the profit moves with them (see the worse worlds)",
    )
    left_out = Text(f"{without} 家发票不足，没有违约概率，未纳入", f"{without} firms without a probability (too few invoices) are left out")
    return firms, (*notes, caveat, *((left_out,) if without else ()))


@cache
def _section_name(section: str) -> str:
    entry = reference.shipped_industry(section)
    return f"{section} {entry.name}" if entry else section


def _industry(firm: Enterprise) -> str:
    guess = reference.classify(firm.name, None)
    return _section_name(guess.section) if guess else ""


def study(firms: Firms, churn: Churn, terms: Terms, notes: Sequence[Text] = (), *, seconds: float = 60.0, worlds: bool = True) -> Study:
    """Return the optimum, the simple strategies and, if wanted, the worse worlds. Raises Invalid for terms that make no sense."""
    best: Callable[[Firms, Terms], Plan] = partial(_optimum, churn=churn, seconds=seconds)
    plan = best(firms, terms)
    results = [strategies.result(firms, churn, one, terms) for one in (plan, *strategies.simple(firms, churn, terms))]
    scenarios = strategies.scenarios(firms, churn, terms, plan, best) if worlds else []
    return Study(firms, terms, plan, tuple(results), tuple(scenarios), tuple(notes))


def _optimum(firms: Firms, terms: Terms, *, churn: Churn, seconds: float) -> Plan:
    return portfolio.optimum(firms, churn, terms, seconds=seconds)
