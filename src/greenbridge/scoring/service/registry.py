"""The register of models: who stands where, who put it there and why; the champion of an instant."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from greenbridge.audit import service as audit
from greenbridge.kit import database
from greenbridge.kit.errors import Conflict, Invalid, NotFound
from greenbridge.kit.text import Text
from greenbridge.scoring import store
from greenbridge.scoring.gateway import DefaultModel, check_registered, current_version, fingerprint, load_registered
from greenbridge.scoring.rules import registry as rules
from greenbridge.scoring.rules.features import BY_NAME
from greenbridge.scoring.values import BulkRun, ModelAct, ModelEvent, ModelState, ModelVersion

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")


async def models(session: AsyncSession) -> Sequence[ModelVersion]:
    """Return the registered versions with their histories, the newest first."""
    return rules.versions(await store.events(session))


async def champion(session: AsyncSession, artifacts: Path, now: datetime) -> DefaultModel:
    """Return the champion, the first one registered where there is none yet. Raises ArtifactRefused when its files are not those
    registered, FileNotFoundError when there is nothing at all.
    """
    await establish(session, artifacts, now)
    found = await store.champion_at(session, database.END_OF_TIME)
    assert found is not None
    return load_registered(artifacts, *found)


async def establish(session: AsyncSession, artifacts: Path, now: datetime) -> None:
    """Where nothing is registered, make what `artifacts/current` names the champion. Raises FileNotFoundError."""
    if not await store.events(session):
        await database.lock(session, "model_registry")
        if not await store.events(session):  # another worker may have been quicker
            version = current_version(artifacts)
            for act in (ModelAct.REGISTER, ModelAct.CHALLENGE, ModelAct.PROMOTE):
                await _act(
                    session,
                    await store.events(session),
                    version,
                    fingerprint(artifacts / version),
                    act,
                    "system",
                    "第一个模型 first model",
                    now,
                )


async def model_at(session: AsyncSession, model: DefaultModel, known_at: datetime) -> DefaultModel:
    """Return the champion of an instant: the model at hand, or another that it finds beside itself (loaded once a process).

    One small query; before the first registration, and where nothing is registered, the first champion or the model at hand.
    """
    found = await store.champion_at(session, known_at)
    return model if found is None or found == (model.version, model.sha256) else model.sibling(*found)


async def runs(session: AsyncSession) -> dict[str, BulkRun]:
    """Return version -> its newest run over the city."""
    return {run.version: run for run in await store.newest_runs(session)}


def unregistered(artifacts: Path, known: Sequence[ModelVersion]) -> list[str]:
    """Return the folders of artifacts that nobody registered."""
    names = {one.version for one in known}
    return sorted(folder.name for folder in artifacts.iterdir() if (folder / "model.txt").is_file() and folder.name not in names)


async def register(session: AsyncSession, artifacts: Path, version: str, who: str, why: str, now: datetime) -> None:
    """Register a folder of artifacts as a draft: from here on its files may not change."""
    if (
        not NAME.fullmatch(version)
        or not (artifacts / version / "model.txt").is_file()
        or not (artifacts / version / "card.json").is_file()
    ):
        raise NotFound("no-artifact", f"{artifacts} 中没有模型 {version}。", f"There is no model {version} in {artifacts}.")
    sha256 = fingerprint(artifacts / version)
    model = load_registered(artifacts, version, sha256)
    if model.version != version:
        raise _not_servable(version, Text(f"文件中写的版本是 {model.version}", f"its card names the version {model.version}"))
    unknown = sorted(set(model.features) - set(BY_NAME))
    if unknown:
        listed = ", ".join(unknown)
        raise _not_servable(version, Text(f"平台没有特征 {listed}", f"the platform has no feature {listed}"))
    await _do(session, version, ModelAct.REGISTER, who, why, now, sha256=sha256)


def _not_servable(version: str, why: Text) -> Conflict:
    return Conflict("model-not-servable", f"模型 {version} 不能上线：{why.zh}。", f"The model {version} cannot be served: {why.en}.")


async def challenge(session: AsyncSession, artifacts: Path, version: str, who: str, why: str, now: datetime) -> None:
    """Let a draft score in the shadow, or a retired version again."""
    await _do(session, version, ModelAct.CHALLENGE, who, why, now, artifacts=artifacts)


async def promote(session: AsyncSession, artifacts: Path, version: str, who: str, why: str, now: datetime) -> None:
    """Make a challenger the champion; the champion before it retires."""
    await _do(session, version, ModelAct.PROMOTE, who, why, now, artifacts=artifacts)


async def retire(session: AsyncSession, version: str, who: str, why: str, now: datetime) -> None:
    """Retire a draft or a challenger; a champion goes by promotion of another or by roll-back."""
    await _do(session, version, ModelAct.RETIRE, who, why, now)


async def rollback(session: AsyncSession, artifacts: Path, who: str, why: str, now: datetime) -> str:
    """Put the champion before back, the present one retires; return the version that came back."""
    events = await _events(session, why)
    goes, comes = rules.rolled_back(events)
    known = {one.version: one for one in rules.versions(events)}
    check_registered(artifacts, comes, known[comes].sha256)
    await _act(session, events, goes, known[goes].sha256, ModelAct.WITHDRAW, who, why, now)
    await _act(session, events, comes, known[comes].sha256, ModelAct.REINSTATE, who, why, now)
    return comes


async def _events(session: AsyncSession, why: str) -> list[ModelEvent]:
    """Return the acts so far, and let nobody add one until the transaction ends. Raises Invalid without a reason."""
    if not why.strip():
        raise Invalid.at("no-reason", "why", "请说明理由。", "Say why.")
    await database.lock(session, "model_registry")
    return await store.events(session)


async def _do(
    session: AsyncSession,
    version: str,
    act: ModelAct,
    who: str,
    why: str,
    now: datetime,
    *,
    sha256: str | None = None,
    artifacts: Path | None = None,
) -> None:
    events = await _events(session, why)
    known = {one.version: one for one in rules.versions(events)}
    if sha256 is None:
        if version not in known:
            raise NotFound("no-model", f"模型 {version} 没有登记。", f"The model {version} is not registered.")
        sha256 = known[version].sha256
    rules.next_state(known[version].state if version in known else None, act, version)
    if artifacts:
        check_registered(artifacts, version, sha256)
    if act is ModelAct.PROMOTE:
        for one in known.values():
            if one.state is ModelState.CHAMPION:
                await _act(session, events, one.version, one.sha256, ModelAct.DISPLACE, who, f"{version}: {why}", now)
    await _act(session, events, version, sha256, act, who, why, now)


async def _act(
    session: AsyncSession, events: Sequence[ModelEvent], version: str, sha256: str, act: ModelAct, who: str, why: str, now: datetime
) -> None:
    """Do one act: state, event, audit trail."""
    before = next((event.after for event in reversed(events) if event.version == version), None)
    after = rules.next_state(before, act, version)
    await store.add_event(session, version, sha256, act, before, after, now, who, why)
    states = {"before": before.value if before else None, "after": after.value}
    await audit.record(session, f"model.{act.value}", f"model:{version}", now, who=who, why=why, sha256=sha256, states=states)
