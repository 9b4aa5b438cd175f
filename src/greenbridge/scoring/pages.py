"""The operator's view of the models: which one scores, who put it there and why, its card."""

from pathlib import Path

from litestar import Controller, MediaType, Response, get
from litestar.params import FromPath
from litestar.response import Template

from greenbridge.accounts.guards import Caller, only
from greenbridge.accounts.values import Role
from greenbridge.kit.calendar import SHANGHAI
from greenbridge.kit.errors import NotFound
from greenbridge.kit.web import Deps, Session, page
from greenbridge.scoring import service
from greenbridge.scoring.gateway import check_files
from greenbridge.scoring.values import MODEL_ACT_NAMES, MODEL_STATE_NAMES

# The card is a page of its own with its own style; nothing in it runs or calls out.
CARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class ModelPages(Controller):
    """The register of models and their cards."""

    path = "/operator/models"
    include_in_schema = False
    guards = (only(Role.OPERATOR),)

    @get()
    async def register(self, request: Caller, session: Session, deps: Deps) -> Template:
        artifacts = deps.settings.artifacts_dir
        models = await service.models(session)
        return page(
            request,
            "models.html",
            models=models,
            runs=await service.runs(session),
            unregistered=service.unregistered(artifacts, models),
            carded={one.version for one in models if _card(artifacts / one.version)},
            states=MODEL_STATE_NAMES,
            acts=MODEL_ACT_NAMES,
            shanghai=SHANGHAI,
        )

    @get("/{version:str}/card", media_type=MediaType.HTML)
    async def card(self, session: Session, deps: Deps, version: FromPath[str]) -> Response[bytes]:
        if version not in {one.version for one in await service.models(session)}:
            raise NotFound("no-model", f"模型 {version} 没有登记。", f"The model {version} is not registered.")
        file = _card(deps.settings.artifacts_dir / version)
        if file is None:
            raise NotFound("no-card", f"模型 {version} 没有模型卡。", f"The model {version} has no card to read.")
        check_files(file.parent)  # a card that was changed afterwards is not shown
        media = MediaType.HTML if file.suffix == ".html" else MediaType.TEXT
        return Response(file.read_bytes(), media_type=media, headers={"content-security-policy": CARD_POLICY})


def _card(folder: Path) -> Path | None:
    """Return the file of a model's card: as a page, or as text of older versions."""
    return next((file for name in ("card.html", "CARD.md") if (file := folder / name).is_file()), None)
