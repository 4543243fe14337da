"""A film's consistency in numbers, from its keyframes. Pure: the same keyframes give the same report."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.cli.consistency.comparing import FORMAT
from services.cli.consistency.retaking import retakes_of, strategies
from services.cli.progress import frame_name
from services.validation.domain.colours import CELLS, Histogram
from services.validation.domain.metrics.film import Appearance, Consistency, consistency, decay

Answer = Mapping[str, Any]
Vector = NDArray[np.float64]

#: What frames are compared by where no trained model is at hand.
DESCRIPTOR: Final = "whole-frame colours, Bhattacharyya coefficient 1"
_HUES, _LIGHTS = 24, 8
_GREY: Final = 0.03


@dataclass(frozen=True, slots=True)
class Shown:
    """One keyframe with its descriptor; None where the picture could not be had."""

    keyframe: Answer
    descriptor: Vector | None

    @property
    def code(self) -> str:
        """Name on the slate, with the role where a shot has two frames."""
        role, code = self.keyframe["frame_role"], str(self.keyframe["shot"]["code"])
        return code if role == "single" else f"{code} {role}"

    @property
    def order(self) -> int:
        """Place within the film."""
        return int(self.keyframe["shot"]["story_order"])


def descriptor(histogram: Histogram) -> Vector:
    """A picture's colours as a unit vector: lightness of greys, hue and lightness of the others; roots of the shares.

    The cosine of two of them is the Bhattacharyya coefficient of their colour distributions, 0 to 1.
    """
    light = np.clip((CELLS.lab[:, 0] * _LIGHTS).astype(int), 0, _LIGHTS - 1)
    hue = ((CELLS.hue + 180.0) / 360.0 * _HUES).astype(int) % _HUES
    bins = np.where(CELLS.chroma < _GREY, light, _LIGHTS + hue * _LIGHTS + light)
    shares = np.bincount(bins, weights=histogram, minlength=_LIGHTS * (_HUES + 1))
    return np.asarray(np.sqrt(shares / max(shares.sum(), 1e-12)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Material:
    """What a report tells beside the keyframes.

    Attributes:
        references: the pictures that entities are to look like: kind, entity_id, sha256 or uri, about.
        without_keyframe: frames that have none, with status, reason and attempts.
        costs: what the project has cost in all, as the gateway tells it; None = the keyframes' own sum.
        names: of the bible's entries, by kind and id, e.g. `prop:flute`; an entry without one is called by its id.
        cids: identity by faces, as `cids.measured` gives it; None = not measured.
        why_no_cids: why not.
    """

    references: Sequence[Answer] = ()
    without_keyframe: Sequence[Answer] = ()
    costs: Answer | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    cids: Answer | None = None
    why_no_cids: str = ""


NOTHING_ELSE: Final = Material()


def report(
    project: Answer, frames: Sequence[Shown], manifest: Answer, material: Material = NOTHING_ELSE
) -> dict[str, Any]:
    """The report as JSON values. A null is something that could not be measured, never a zero."""
    told = sorted(frames, key=lambda item: (item.order, item.keyframe["frame_role"] == "end", item.code))
    without = [_without(item) for item in material.without_keyframe]
    retakes = [item for frame in told for item in retakes_of(frame.code, frame.keyframe.get("attempts", ()))]
    for run in material.without_keyframe:
        retakes += retakes_of(frame_name(run), run.get("attempts", ()))
    spent = sum(int(item.keyframe["cost_usd_micros"]) for item in told)
    entities = {
        "characters": _entities(told, _people),
        "locations": _entities(told, _places),
        "props": _entities(told, lambda item: _props(item, material.names)),
        "scenes": _entities(told, lambda item: [(item["shot"]["scene_id"], item["shot"].get("scene_title", ""))]),
    }
    for kind, items in entities.items():
        for item in items:
            costume = _costume(item, told) if kind == "characters" else None
            item["reference"] = _reference(kind, item["id"], material.references, costume)
            item["cids"] = _cids_of(item["id"], material.cids) if kind == "characters" else None
    return {
        "format": FORMAT,
        "project_id": project["project_id"],
        "title": project.get("title", project["project_id"]),
        "manifest": {**manifest, "compared_by": DESCRIPTOR, **_pinned(told, material), "thresholds": _thresholds(told)},
        "frames": [_frame(item) for item in told],
        "without_keyframe": without,
        **entities,
        "cids": None if material.cids is None else {name: material.cids[name] for name in ("cross", "self")},
        "why_no_cids": material.why_no_cids,
        "checks": _checks(told),
        "retakes": retakes,
        "strategies": strategies(retakes),
        "cost_usd_micros": spent if material.costs is None else int(material.costs["spent_usd_micros"]),
        "costs": material.costs,
    }


def _pinned(frames: Sequence[Shown], material: Material) -> dict[str, Any]:
    """What the film was made and measured with, so that two reports can be told apart."""
    provenance = [item.keyframe.get("provenance") or {} for item in frames]
    return {
        "cids": None if material.cids is None else material.cids["measured_with"],
        "catalogues": sorted({str(item["catalogue_version"]) for item in provenance if "catalogue_version" in item}),
        "templates": sorted({str(item["template_version"]) for item in provenance if "template_version" in item}),
        "models": sorted({str(item.keyframe["model"]) for item in frames}),
    }


def _without(run: Answer) -> dict[str, Any]:
    attempts = run.get("attempts") or ()
    return {
        "code": frame_name(run),
        "status": run["status"],
        "reason": run.get("reason") or "",
        "check_reason": next((str(item.get("check_reason") or "") for item in reversed(attempts)), ""),
        "attempts": len(attempts) or run.get("generations", 0),
        "cost_usd_micros": run.get("cost_usd_micros", 0),
        "generation_id": (run.get("look") or {}).get("generation_id"),
    }


def _cids_of(entity_id: str, cids: Answer | None) -> Answer | None:
    found: Answer | None = None if cids is None else cids["characters"].get(entity_id)
    return found


def _costume(character: Answer, frames: Sequence[Shown]) -> str | None:
    """What a character wears in its worst shot."""
    worn = (
        member.get("costume_id")
        for item in frames
        if item.code == character["worst_shot"]
        for member in item.keyframe.get("cast", ())
        if member["character_id"] == character["id"]
    )
    return next(worn, None)


def _reference(kind: str, entity_id: str, pictures: Sequence[Answer], costume: str | None = None) -> str | None:
    """Key of the picture that an entity's worst shot is held against: of its costume or time of day, else a sheet."""
    own_id, _, time = entity_id.partition(" · ")
    own = [item for item in pictures if (f"{item['kind']}s", item["entity_id"]) == (kind, own_id)]
    if not own:
        return None

    def merit(item: Answer) -> tuple[bool, bool, bool]:
        about = item.get("about", {})
        of_costume = bool(costume) and costume in {about.get("costume_id"), about.get("variant")}
        of_time = bool(time) and (about.get("time_of_day") == time or str(about.get("variant", "")).startswith(time))
        return (of_costume, of_time, about.get("view") == "sheet" or bool(item.get("made")))

    return key_of(max(own, key=merit))


def key_of(picture: Answer) -> str:
    """What a reference picture is called within a report: its address, with the part of it that is meant."""
    region = picture.get("region")
    part = "" if not region else "#" + ",".join(f"{region[name]:g}" for name in ("left", "top", "right", "bottom"))
    return f"{picture['uri']}{part}"


def _people(keyframe: Answer) -> Iterable[tuple[str, str]]:
    return [(item["character_id"], item["name"]) for item in keyframe.get("cast", ())]


def _places(keyframe: Answer) -> Iterable[tuple[str, str]]:
    place = keyframe.get("location")
    if not place:
        return []
    return [(f"{place['location_id']} · {place['time_of_day']}", f"{place['name']}, {place['time_of_day']}")]


def _props(keyframe: Answer, names: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    digests = keyframe.get("provenance", {}).get("bible_digests", {})
    return [(key.partition(":")[2], names.get(key, "")) for key in digests if key.startswith("prop:")]


def _entities(frames: Sequence[Shown], of: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - one of the three above
    names: dict[str, str] = {}
    members: dict[str, list[Shown]] = {}
    for frame in frames:
        for entity_id, name in of(frame.keyframe):
            names[entity_id] = name or entity_id
            members.setdefault(entity_id, []).append(frame)
    return [_entity(entity_id, names[entity_id], seen) for entity_id, seen in members.items()]


def _entity(entity_id: str, name: str, seen: Sequence[Shown]) -> dict[str, Any]:
    appearances = [Appearance(item.code, item.order, item.descriptor) for item in seen if item.descriptor is not None]
    found: Consistency = consistency(appearances)
    identity = {
        item.code: score["value"]
        for item in seen
        for score in item.keyframe.get("scores", ())
        if score["check"] == "identity" and score.get("entity_id") == entity_id
    }
    measured = {code: value for code, value in identity.items() if value is not None}
    worst = min(measured, key=lambda code: measured[code]) if measured else found.worst_shot
    return {
        "id": entity_id,
        "name": name,
        "shots": [item.code for item in seen],
        "mean": found.mean,
        "least": found.least,
        "median_of_pairs": found.median,
        "worst_shot": worst,
        "by_shot": [list(pair) for pair in found.by_shot],
        "by_gap": [list(pair) for pair in decay(appearances)],
        "identity": [[code, value] for code, value in identity.items()],
    }


def _frame(item: Shown) -> dict[str, Any]:
    keyframe = item.keyframe
    scores = keyframe.get("scores", ())
    return {
        "code": item.code,
        "order": item.order,
        "frame_role": keyframe["frame_role"],
        "model": keyframe["model"],
        "sha256": keyframe["asset"]["sha256"],
        "take": keyframe["take"],
        "measured": sum(score["value"] is not None for score in scores),
        "not_measured": sorted({score["check"] for score in scores if score["outcome"] == "not-measured"}),
        "warned": sorted({score["check"] for score in scores if score["outcome"] == "warned"}),
        "failed": sorted({score["check"] for score in scores if score["outcome"] == "failed"}),
        "synthetic": (keyframe.get("provenance") or {}).get("synthetic"),
        "approved_by": keyframe.get("approved_by", "auto"),
        "gate": next((score["outcome"] for score in scores if score["check"] == "consistency-gate"), None),
        "cost_usd_micros": keyframe["cost_usd_micros"],
    }


def _thresholds(frames: Sequence[Shown]) -> dict[str, list[Any]]:
    """By check: what measured it, the trained model, and the bounds that frames were held to."""
    found: dict[str, set[tuple[str, str, float | None]]] = {}
    for item in frames:
        for score in item.keyframe.get("scores", ()):
            if score["value"] is not None:
                pinned = (score["measured_with"], score.get("model", ""), score.get("threshold"))
                found.setdefault(score["check"], set()).add(pinned)
    return {check: [list(item) for item in sorted(values, key=str)] for check, values in sorted(found.items())}


def _checks(frames: Sequence[Shown]) -> list[dict[str, Any]]:
    """How often each check passed, warned and was not measured in the keyframes."""
    counts: dict[str, Counter[str]] = {}
    for item in frames:
        for score in item.keyframe.get("scores", ()):
            counts.setdefault(score["check"], Counter())[score["outcome"]] += 1
    return [{"check": check, **dict(sorted(count.items()))} for check, count in sorted(counts.items())]
