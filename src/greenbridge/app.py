"""The web application: wiring, and the table of contents of its routes."""

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from litestar import Litestar, Router, get
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, OAuthFlow, OAuthFlows, SecurityScheme
from litestar.plugins.pydantic import PydanticPlugin
from litestar.static_files import create_static_files_router
from litestar.template import TemplateConfig
from sqlalchemy.exc import DataError

from greenbridge import __version__
from greenbridge.accounts.api import AccountsApi
from greenbridge.accounts.guards import Authentication
from greenbridge.accounts.pages import AccountPages
from greenbridge.answers import service as answers
from greenbridge.answers.api import BankAnswersApi, DeadlinesApi, FirmAnswersApi, LeagueApi, ReleaseApi
from greenbridge.answers.pages import DeadlinePages, FirmAnswerPages, LeaguePages, LifePages, OfficerPages
from greenbridge.catalog.api import DraftsApi, ProductsApi
from greenbridge.catalog.pages import ProductPages
from greenbridge.clients.api import ClientsApi, TokensApi
from greenbridge.clients.service import Desk, Keys, scope_table
from greenbridge.collateral import service as collateral
from greenbridge.collateral.api import PledgesApi, RegistersApi, RegistrationsApi
from greenbridge.collateral.pages import FirmPledgePages, OfficerPledgePages, PledgeBoardPages
from greenbridge.consents.api import BankConsentsApi, FirmConsentsApi
from greenbridge.consents.pages import BankConsentPages, FirmConsentPages, ReceiptPages
from greenbridge.disputes.api import ObjectionsApi
from greenbridge.disputes.pages import FirmObjectionPages, ObjectionPages
from greenbridge.disputes.service import OpenObjections
from greenbridge.enterprises.api import EnterprisesApi
from greenbridge.enterprises.pages import EnterprisePages
from greenbridge.facts.api import CatalogueApi, DeliveriesApi, FactsApi, PushApi, QualityApi
from greenbridge.facts.pages import CataloguePages, DeliveryPages, DoubtPages, QualityPages
from greenbridge.facts.service import RegistrationFacts, described
from greenbridge.green import service as green
from greenbridge.green.api import GreenApi
from greenbridge.green.pages import FirmGreenPages, GreenBoardPages, GreenFilePages, GreenPublicPages, ReviewPages
from greenbridge.home.pages import HomePages
from greenbridge.kit import database, idempotency, limits, logs, openapi, outward
from greenbridge.kit.clock import SystemClock, make_clock
from greenbridge.kit.errors import Problem
from greenbridge.kit.idempotency import Replayed
from greenbridge.kit.keyring import KeyRing
from greenbridge.kit.sealed import Sealed
from greenbridge.kit.watch import Watch
from greenbridge.kit.web import (
    Deps,
    Options,
    RequestIds,
    on_bad_data,
    on_crash,
    on_http_exception,
    on_problem,
    on_replayed,
    page_environment,
)
from greenbridge.matching.api import MatchesApi
from greenbridge.matching.pages import BankMatchPages, ExposurePages, MatchPages
from greenbridge.monitoring.pages import CheckPages, WatchPages
from greenbridge.needs.api import NeedsApi
from greenbridge.needs.pages import NeedPages
from greenbridge.notices.api import NoticesApi, WebhooksApi
from greenbridge.notices.pages import ConnectionPages, InboxPages
from greenbridge.reports.api import ReportsApi
from greenbridge.reports.gateway import press
from greenbridge.reports.pages import ReportPages, VerificationPages
from greenbridge.schemes import service as schemes
from greenbridge.schemes.api import ListsApi, SchemesApi, ScreeningsApi
from greenbridge.schemes.pages import BankListPages, FirmListPages, SchemePages, ScreeningPages
from greenbridge.scoring import service as scoring
from greenbridge.scoring.gateway import DefaultModel
from greenbridge.scoring.pages import ModelPages
from greenbridge.settings import Settings
from greenbridge.underwriting.api import UnderwritingApi

API = (
    AccountsApi,
    ClientsApi,
    EnterprisesApi,
    NeedsApi,
    MatchesApi,
    FirmAnswersApi,
    BankAnswersApi,
    DeadlinesApi,
    LeagueApi,
    ReleaseApi,
    UnderwritingApi,
    PledgesApi,
    RegistrationsApi,
    RegistersApi,
    FirmConsentsApi,
    BankConsentsApi,
    ReportsApi,
    FactsApi,
    GreenApi,
    ObjectionsApi,
    ProductsApi,
    DraftsApi,
    CatalogueApi,
    SchemesApi,
    ScreeningsApi,
    ListsApi,
    PushApi,
    DeliveriesApi,
    QualityApi,
    NoticesApi,
    WebhooksApi,
)
PAGES = (
    HomePages,
    AccountPages,
    EnterprisePages,
    NeedPages,
    MatchPages,
    BankMatchPages,
    ExposurePages,
    FirmAnswerPages,
    LifePages,
    OfficerPages,
    DeadlinePages,
    LeaguePages,
    WatchPages,
    FirmConsentPages,
    BankConsentPages,
    ReceiptPages,
    ReportPages,
    VerificationPages,
    ProductPages,
    CataloguePages,
    SchemePages,
    ScreeningPages,
    FirmListPages,
    BankListPages,
    QualityPages,
    CheckPages,
    DoubtPages,
    DeliveryPages,
    ModelPages,
    FirmObjectionPages,
    ObjectionPages,
    FirmGreenPages,
    ReviewPages,
    GreenBoardPages,
    GreenPublicPages,
    GreenFilePages,
    FirmPledgePages,
    OfficerPledgePages,
    PledgeBoardPages,
    InboxPages,
    ConnectionPages,
)


async def provide_now(state: State) -> datetime:
    """Return the instant of this request."""
    now: datetime = state.clock.now()
    return now


async def provide_deps(state: State) -> State:
    """Return gateways and settings: deps.registry, deps.disputes, deps.model, deps.press, deps.schemes, deps.files, deps.disbursed,
    deps.safe, deps.settings, deps.clock.
    """
    return state


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """Tell that the process answers."""
    return {"status": "ok", "version": __version__}


@get("/health/ready", include_in_schema=False)
async def ready(deps: Deps) -> dict[str, str]:
    """Tell that the database answers with a schema and the model is loaded."""
    try:
        revision = await database.ready(deps.engine)
    except Exception as error:
        logs.get().warning("not ready", reason=repr(error))
        problem = Problem("not-ready", "数据库尚未就绪。", "The database is not ready.")
        problem.status = 503
        raise problem from error
    return {"status": "ok", "schema": revision, "model": deps.model.version}


def swagger_folder() -> Path:
    """Return the folder of Swagger UI's files, which come with a package: the rendered API page needs no internet."""
    found = importlib.util.find_spec("swagger_ui")
    assert found is not None
    assert found.submodule_search_locations
    return Path(next(iter(found.submodule_search_locations))) / "static"


def create_app(
    settings: Settings,
    *,
    url: str | None = None,
    sessions: database.Sessions | None = None,
    model: DefaultModel | None = None,
    clock: Any = None,
    wall: Any = None,
) -> Litestar:
    """Build the application; tests hand in a session factory, a fake model and clocks of their own."""
    scopes = scope_table()
    asked = {call: operation.scope for call, operation in scopes.operations.items()}
    contract = openapi.Complete(asked, openapi.read_examples(Path(__file__).parent / "examples.json"))
    answers.profile(settings.deadlines)  # an unknown name is refused before anything is served
    url = url or database.database_url(settings)
    engine = database.make_engine(url)
    book = schemes.book(settings.schemes_dir)
    state = State(
        {
            "settings": settings,
            "engine": engine,
            "sessions": sessions or database.make_sessions(engine),
            "clock": clock or make_clock(settings.today),
            "watch": Watch(),
            "calls": limits.Calls(),
            # Tokens and deliveries are timed by the machine's clock, also where business stays on one day.
            "wall": wall or SystemClock(),
            "desk": Desk(
                settings.public_url,
                Keys(KeyRing(settings.oauth_keys), outward.Reach(settings.demonstration)),
                scopes,
                settings.demonstration,
            ),
            "sealed": Sealed(settings.secret),
            "kept_answers": Sealed(settings.secret, "kept answers"),
            "begin": (idempotency.claim,),
            "registry": RegistrationFacts(),
            "disputes": OpenObjections(),
            "described": described(),
            "schemes": book,
            "safe": collateral.safe(settings),
            "model": model,
            "disbursed": answers.disbursed,
            "files": green.files_of(settings.evidence_store, settings.evidence_endpoint),
            "press": press(settings, model, book) if model else None,
        }
    )

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        # Loaded here, in the worker: LightGBM can hang after a fork.
        if app.state.model is None:
            async with app.state.sessions.begin() as session:
                app.state.model = await scoring.champion(session, settings.artifacts_dir, app.state.clock.now())
        app.state.press = press(settings, app.state.model, book)
        app.state.watch.start(url)
        yield
        await app.state.watch.stop()
        await engine.dispose()

    return Litestar(
        route_handlers=[
            live,
            ready,
            Router("", route_handlers=[*API], security=[{"bearer": []}], after_request=idempotency.keep),
            TokensApi,
            *PAGES,
            create_static_files_router("/static", [Path(__file__).parent / "static"]),
            create_static_files_router("/schema/assets", [swagger_folder()]),
        ],
        dependencies={"session": Provide(database.provide_session), "now": Provide(provide_now), "deps": Provide(provide_deps)},
        middleware=[RequestIds(), Options(), DefineMiddleware(Authentication, exclude=["^/static/", "^/schema", "^/health"])],
        exception_handlers={
            Problem: on_problem,
            Replayed: on_replayed,
            HTTPException: on_http_exception,
            DataError: on_bad_data,
            Exception: on_crash,
        },
        csrf_config=CSRFConfig(
            secret=settings.secret, exclude=["^/api/", "^/oauth/"], cookie_secure=settings.secure_cookies, cookie_httponly=True
        ),
        template_config=TemplateConfig(instance=page_environment()),
        openapi_config=OpenAPIConfig(
            title="Greenbridge 绿桥",
            version=__version__,
            path="/schema",
            render_plugins=[
                openapi.Swagger(
                    contract,
                    js_url="/schema/assets/swagger-ui-bundle.js",
                    css_url="/schema/assets/swagger-ui.css",
                    standalone_preset_js_url="/schema/assets/swagger-ui-standalone-preset.js",
                    favicon="<link rel='icon' href='/static/mark.svg'>",
                    path="/",
                ),
                openapi.Json(contract, path="/openapi.json"),
            ],
            components=Components(
                security_schemes={
                    "bearer": SecurityScheme(type="http", scheme="bearer", description="A person's token, or a program's"),
                    "oauth2": SecurityScheme(
                        type="oauth2",
                        description="A bank's program: client credentials with private_key_jwt (docs/bank-api.md)",
                        flows=OAuthFlows(
                            client_credentials=OAuthFlow(
                                token_url=f"{settings.public_url}/oauth/token", scopes={n: t.en for n, t in scopes.scopes.items()}
                            )
                        ),
                    ),
                }
            ),
        ),
        plugins=[PydanticPlugin(prefer_alias=True)],
        lifespan=[lifespan],
        logging_config=None,  # structlog is set up by the command that serves
        state=state,
    )


def from_environment() -> Litestar:
    """Build the application of a server worker; the command that started it has put its settings into the environment."""
    settings = Settings.from_environment()
    logs.configure(settings.log_format)
    return create_app(settings)
