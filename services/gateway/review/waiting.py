"""What waits for a reviewer, with all that it takes to decide: the image, other takes, what they are held against."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse

from schemas.review import Decision
from services.gateway.answers import Links, problem
from services.gateway.domain import FINAL, Status
from services.gateway.read_model import ReadModel
from services.gateway.reporting import on_show

Answer = dict[str, Any]

_FINAL: Final = frozenset(status.value for status in FINAL)
_LISTED: Final = ("run_id", "subject", "shot_id", "code", "scene_id", "scene_title", "frame_role", "revision")
#: Of a score: what a person reads.
_TOLD: Final = ("check", "outcome", "value", "threshold", "detail", "entity_id", "measured_with")


async def waiting(read: ReadModel, project_id: str) -> list[Answer]:
    """Every run that waits for a decision, references first: shots may wait for them.

    Raises:
        NotFoundError: the project is unknown.
    """
    progress = await read.progress(project_id)
    runs = (*progress["references"]["runs"], *progress["runs"])
    return [run for run in runs if run["status"] == Status.REVIEW.value]


async def on_the_table(read: ReadModel, links: Links, project_id: str, runs: Sequence[Answer]) -> list[Answer]:
    """Some of `waiting`, each with what it takes to decide."""
    if not runs:
        return []
    shots = {shot["shot_id"]: shot["shot"] for shot in await read.shots(project_id)}
    pictures = [item for item in await read.references(project_id) if item["image"] is not None]
    return [await _item(read, links, run, shots.get(run["shot_id"], {}), pictures) for run in runs]


async def _item(read: ReadModel, links: Links, run: Answer, shot: Answer, pictures: Iterable[Answer]) -> Answer:
    whole = await read.run(run["run_id"])
    generations = whole.get("generations", {})
    name, asked = on_show(whole)
    wanted = _entities(shot)
    against = [item for item in pictures if (item["kind"], item["entity_id"]) in wanted]
    return {
        **{key: run[key] for key in _LISTED},
        "generation_id": name,
        "take": asked.get("take"),
        "model": generations.get(name or "", {}).get("model"),
        "reason": asked.get("reason"),
        "asked_at_ms": asked.get("at_ms"),
        "cost_usd_micros": run["cost_usd_micros"],
        "asset": asked.get("asset"),
        **await links.of(asked.get("asset")),
        "scores": [{key: score.get(key) for key in _TOLD} for score in asked.get("scores", ())],
        "others": [await _take(links, other, generations.get(other, {})) for other in asked.get("others", ())],
        "description": shot.get("description", ""),
        "action": shot.get("action", ""),
        "against": [await _picture(links, item) for item in against],
    }


def _entities(shot: Answer) -> set[tuple[str, str]]:
    people = {("character", member["character_id"]) for member in shot.get("cast", ()) if member.get("visible", True)}
    place = {("location", shot["location_id"])} if shot.get("location_id") else set()
    return people | place | {("prop", name) for name in shot.get("props", ())}


async def _take(links: Links, name: str, generation: Mapping[str, Any]) -> Answer:
    asset = (generation.get("completed") or {}).get("asset")
    return {"generation_id": name, "take": generation.get("take"), **await links.of(asset)}


async def _picture(links: Links, reference: Answer) -> Answer:
    about = {key: reference[key] for key in ("kind", "entity_id", "variant")}
    return {**about, **await links.of(reference["image"]["asset"])}


def refusal(run: Answer, generation_id: str, decision: Decision) -> JSONResponse | None:
    """Why a decision on a run would move nothing; None when it may."""
    if run["status"] in _FINAL:
        return problem(
            HTTPStatus.CONFLICT,
            "already-ended",
            f"run_id: {run['run_id']!r} is {run['status']}; allowed is a run that is in review or held",
            field="run_id",
            value=run["run_id"],
            allowed="a run that is in review or held",
        )
    name, asked = on_show(run)
    if run["status"] != Status.REVIEW.value or name is None:
        return None
    others = list(asked.get("others", ())) if decision is Decision.APPROVE else []
    if generation_id in (name, *others):
        return None
    return problem(
        HTTPStatus.CONFLICT,
        "not-on-show",
        f"generation_id: {generation_id!r} is not on show; allowed is {' or '.join((name, *others))}",
        field="generation_id",
        value=generation_id,
        allowed=" or ".join((name, *others)),
    )
