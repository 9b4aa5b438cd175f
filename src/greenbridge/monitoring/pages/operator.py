"""The model at work: whether it is still right, today and over time, and what is to be done."""

from collections.abc import Sequence
from datetime import date

from litestar import Controller, get
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.answers.values import ANSWER_STATUS_NAMES, DECLINE_REASON_NAMES
from greenbridge.kit.calendar import SHANGHAI, add_months, month_start
from greenbridge.kit.charts import PERCENT, Bar, Bars, Chart, Months, Series, Unit, svg
from greenbridge.kit.text import Text
from greenbridge.kit.web import Now, Session, language_of, page
from greenbridge.monitoring import service
from greenbridge.monitoring.rules.checking import KINDS, TODO
from greenbridge.monitoring.values import DRIFT_NAMES, Drift, ModelCheck, Ripeness

INDEX = Unit(Text("PSI", "PSI"))
MOST_MONTHS = 24
BADGES = {Drift.STABLE: "good", Drift.MOVED: "look", Drift.SHIFTED: "bad", Drift.NOISE: "", Drift.TOO_FEW: ""}


def drift_over_time(checks: Sequence[ModelCheck]) -> Months | None:
    """Return the score's index at the last check of each month with what chance stays under; None: nothing was comparable yet."""
    last: dict[date, ModelCheck] = {}
    for check in reversed(checks):  # the newest comes last and stays
        last[month_start(check.as_of)] = check
    if not any(check.score and check.score.value is not None for check in last.values()):
        return None
    end = max(last)
    first = max(min(last), add_months(end, 1 - MOST_MONTHS))
    months = [add_months(first, n) for n in range(MOST_MONTHS) if add_months(first, n) <= end]
    found = [last[month].score if month in last else None for month in months]
    return Months(
        Text("评分的 PSI（每月最后一次检查）", "PSI of the score, last check of each month"),
        INDEX,
        first,
        (
            Series(Text("PSI", "PSI"), tuple(one.value if one else None for one in found)),
            Series(Text("随机波动上限", "Chance stays under"), tuple(one.noise if one else None for one in found), "line"),
        ),
    )


def features_moved(check: ModelCheck) -> Bars | None:
    """Return the features that moved most; None: nothing was comparable yet."""
    rows = tuple(Bar(one.label, one.value) for one in check.features if one.value is not None)
    return Bars(Text("特征的 PSI，从大到小", "PSI of features, largest first"), INDEX, rows) if rows else None


def predicted_and_seen(check: ModelCheck) -> Months | None:
    """Return the mean probability and the share that defaulted of each ripe vintage; None: none is ripe."""
    ripe = {vintage.month: vintage for vintage in check.vintages if vintage.ripeness is Ripeness.RIPE}
    if not ripe:
        return None
    end = max(ripe)
    first = max(min(ripe), add_months(end, 1 - MOST_MONTHS))
    months = [add_months(first, n) for n in range(MOST_MONTHS) if add_months(first, n) <= end]
    found = [ripe.get(month) for month in months]
    return Months(
        Text("已到期批次：预测与实际违约率", "Ripe vintages: predicted and seen"),
        PERCENT,
        first,
        (
            Series(Text("预测（平均违约概率）", "Predicted (mean probability)"), tuple(one.predicted if one else None for one in found)),
            Series(Text("实际", "Seen"), tuple(one.observed.value if one and one.observed else None for one in found)),
        ),
    )


class CheckPages(Controller):
    """The model at work, for the operator."""

    path = "/operator/model"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get()
    async def board(self, request: Caller, session: Session, now: Now) -> Template:
        board = await service.board(session, request.user, now)
        newest, language = board.newest, language_of(request)
        charts: dict[str, Chart | None] = {
            "over_time": drift_over_time(board.checks),
            "features": features_moved(newest) if newest else None,
            "calibration": predicted_and_seen(newest) if newest else None,
        }
        return page(
            request,
            "model.html",
            board=board,
            check=newest,
            charts={name: svg(chart, language) for name, chart in charts.items() if chart},
            names={one.name: one.label for one in ((*newest.features, newest.score) if newest else ()) if one},
            states=[*ANSWER_STATUS_NAMES],
            state_names=ANSWER_STATUS_NAMES,
            more_states=_others(newest),
            reasons=DECLINE_REASON_NAMES,
            drifts=DRIFT_NAMES,
            badges=BADGES,
            kinds=KINDS,
            todo=TODO,
            shanghai=SHANGHAI,
        )


def _others(check: ModelCheck | None) -> list[str]:
    """Return states of answers that have no name here yet."""
    known = {state.value for state in ANSWER_STATUS_NAMES}
    return sorted({state for one in check.feedback for state in one.states} - known) if check else []
