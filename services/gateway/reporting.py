"""What a film's report is made of beside its keyframes: reference pictures, frames that have no keyframe, costs."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.answers import Links
from services.gateway.domain import Status
from services.gateway.read_model import ReadModel

Answer = dict[str, Any]

#: What a reference picture may say of itself.
_ABOUT: Final = ("view", "costume_id", "time_of_day", "weather", "season")


async def report_material(read: ReadModel, links: Links, project_id: str) -> Answer:
    """`references` with links, those of the bible before those that were made; `without_keyframe`; `costs`.

    Raises:
        NotFoundError: the project is unknown.
    """
    costs = await read.costs(project_id)
    progress = await read.progress(project_id)
    given = [
        _picture(item["kind"], item["id"], image)
        for item in await read.bible(project_id)
        for image in item["entity"].get("reference_images", ())
    ]
    made = [
        _picture(item["kind"], item["entity_id"], {**item["image"]["asset"], "variant": item["variant"], "made": True})
        for item in await read.references(project_id)
        if item["image"] is not None
    ]
    waiting = [run for run in progress["runs"] if run["status"] != Status.READY.value]
    return {
        "project_id": project_id,
        "references": [{**item, "url": await links.to(item["uri"])} for item in (*given, *made)],
        "without_keyframe": [await _without(read, links, run) for run in waiting],
        "costs": costs,
    }


async def with_attempt_links(links: Links, keyframe: Answer) -> Answer:
    """The keyframe with links to the images of its other takes, small where there is a small one."""
    attempts = [
        {**item, "url": await _small(links, item.get("asset"))} if item["outcome"] != "accepted" else item
        for item in keyframe.get("attempts", ())
    ]
    return {**keyframe, "attempts": attempts}


async def _small(links: Links, asset: Mapping[str, Any] | None) -> str | None:
    return await links.to(asset.get("thumbnail_uri") or asset["uri"]) if asset else None


async def _without(read: ReadModel, links: Links, run: Answer) -> Answer:
    """A run that has no keyframe, with links to what it made: each take, and the image that is or was looked at."""
    whole = await read.run(run["run_id"])
    attempts = list((whole.get("failure") or {}).get("attempts", ()))
    name, asked = on_show(whole)
    linked = [{**item, "url": await _small(links, item.get("asset"))} for item in attempts]
    look = None if name is None else {"generation_id": name, "url": await _small(links, asked.get("asset"))}
    return {**run, "reason": run["reason"] or asked.get("reason"), "attempts": linked, "look": look}


def on_show(run: Answer) -> tuple[str | None, Answer]:
    """The generation of a whole run that was shown to a reviewer last, and what was said then."""
    asked = [
        (item["review_requested"]["at_ms"], name, item["review_requested"])
        for name, item in run.get("generations", {}).items()
        if item.get("review_requested")
    ]
    _, name, said = max(asked, key=lambda item: item[:2], default=(0, None, {}))
    return name, said


def _picture(kind: str, entity_id: str, image: Mapping[str, Any]) -> Answer:
    about = {name: image[name] for name in (*_ABOUT, "variant") if image.get(name)}
    return {
        "kind": kind,
        "entity_id": entity_id,
        "uri": image["uri"],
        "sha256": image.get("sha256"),
        "made": bool(image.get("made")),
        "region": image.get("region"),
        "about": about,
    }
