"""The watch-list: which of our borrowers got worse, and why."""

from datetime import timedelta

from litestar import Controller, get
from litestar.params import FromQuery
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.kit.calendar import business_date
from greenbridge.kit.charts import PERCENT, Sparkline, svg
from greenbridge.kit.errors import Invalid
from greenbridge.kit.text import Text
from greenbridge.kit.web import Now, Session, language_of, page
from greenbridge.monitoring import gateway, service
from greenbridge.monitoring.values import LEVEL_NAMES, Watched

CHOICES = (30, 90, 180, 365)
CURVE = Text("违约概率，按月", "Probability of default, by month")


class WatchPages(Controller):
    """The watch-list of an officer's bank."""

    path = "/officer/watch-list"
    include_in_schema = False
    guards = (only(Role.OFFICER),)

    @get()
    async def watch_list(self, request: Caller, session: Session, now: Now, since: FromQuery[str] = "") -> Template:
        today, problem, found = business_date(now), None, list[Watched]()
        policy = gateway.watch_policy(today)
        day = today - timedelta(days=policy.days)
        try:
            day = service.since_of(since.strip(), now)
        except Invalid as refused:  # what was typed stays typed, and no firm is read for it
            problem = refused
        else:
            found = await service.watch_list(session, request.user, day, now)
        seen = [one for one in found if one.closed is None]
        language = language_of(request)
        return page(
            request,
            "watch_list.html",
            status_code=problem.status if problem else 200,
            problem=problem,
            typed=since,
            since=day,
            today=today,
            choices=[(days, today - timedelta(days=days)) for days in CHOICES],
            worse=[one for one in seen if one.worsening > 0],
            calm=[one for one in seen if one.worsening <= 0],
            closed=[one for one in found if one.closed is not None],
            curves={one.number: svg(Sparkline(CURVE, PERCENT, _values(one)), language) for one in seen if len(one.points) > 1},
            levels=LEVEL_NAMES,
            spread=gateway.contagion_policy(today),
            policy=policy,
        )


def _values(one: Watched) -> tuple[float, ...]:
    return tuple(probability for _, probability in one.points)
