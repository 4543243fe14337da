"""A film's consistency in numbers, from its keyframes. Pure: the same keyframes give the same report."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.validation.domain.colours import CELLS, Histogram
from services.validation.domain.metrics.film import Appearance, Consistency, consistency, decay

Answer = Mapping[str, Any]
Vector = NDArray[np.float64]

FORMAT: Final = 1
#: What frames are compared by where no trained model is at hand.
DESCRIPTOR: Final = "whole-frame colours, Bhattacharyya coefficient 1"
_HUES, _LIGHTS = 24, 8
_GREY: Final = 0.03
_FAILED_CHECK: Final = re.compile(r"([a-z][a-z0-9-]*) failed\b")


@dataclass(frozen=True, slots=True)
class Shown:
    """One keyframe with its descriptor; None where the picture could not be had."""

    keyframe: Answer
    descriptor: Vector | None

    @property
    def code(self) -> str:
        """Name on the slate."""
        return str(self.keyframe["shot"]["code"])

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


def report(project: Answer, frames: Sequence[Shown], manifest: Answer) -> dict[str, Any]:
    """The report as JSON values. A null is something that could not be measured, never a zero."""
    told = sorted(frames, key=lambda item: (item.order, item.code))
    return {
        "format": FORMAT,
        "project_id": project["project_id"],
        "title": project.get("title", project["project_id"]),
        "manifest": {**manifest, "compared_by": DESCRIPTOR, "thresholds": _thresholds(told)},
        "frames": [_frame(item) for item in told],
        "characters": _entities(told, _people),
        "locations": _entities(told, _places),
        "props": _entities(told, _props),
        "scenes": _entities(told, lambda item: [(item["shot"]["scene_id"], item["shot"].get("scene_title", ""))]),
        "checks": _checks(told),
        "retakes": _retakes(told),
        "strategies": strategies(told),
        "cost_usd_micros": sum(int(item.keyframe["cost_usd_micros"]) for item in told),
    }


def _people(keyframe: Answer) -> Iterable[tuple[str, str]]:
    return [(item["character_id"], item["name"]) for item in keyframe.get("cast", ())]


def _places(keyframe: Answer) -> Iterable[tuple[str, str]]:
    place = keyframe.get("location")
    if not place:
        return []
    return [(f"{place['location_id']} · {place['time_of_day']}", f"{place['name']}, {place['time_of_day']}")]


def _props(keyframe: Answer) -> Iterable[tuple[str, str]]:
    digests = keyframe.get("provenance", {}).get("bible_digests", {})
    return [(name.partition(":")[2], name.partition(":")[2]) for name in digests if name.startswith("prop:")]


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


def failed_checks(attempt: Answer) -> tuple[str, ...]:
    """The checks that an attempt failed, from its reason."""
    if attempt["outcome"] != "failed-validation":
        return ()
    return tuple(dict.fromkeys(_FAILED_CHECK.findall(str(attempt.get("reason", "")))))


def _retakes(frames: Sequence[Shown]) -> list[dict[str, Any]]:
    """Every take after a failed one: why, what was changed, and whether it helped."""
    return [
        {
            "code": item.code,
            "take": after["take"],
            "failed": list(failed_checks(before)),
            "reason": before.get("reason", ""),
            "changed": after.get("changed", ""),
            "model": after["model"],
            "helped": _helped(before, after),
            "cost_usd_micros": after.get("cost_usd_micros", 0),
        }
        for item in frames
        for before, after in pairwise(item.keyframe.get("attempts", ()))
        if before["outcome"] == "failed-validation"
    ]


def _helped(before: Answer, after: Answer) -> bool | None:
    """True when it was accepted or failed none of the same checks; None when it came to no image."""
    if after["outcome"] == "accepted":
        return True
    if after["outcome"] != "failed-validation":
        return None
    return not set(failed_checks(before)) & set(failed_checks(after))


def strategies(frames: Sequence[Shown]) -> list[dict[str, Any]]:
    """By failed check: how many retakes it had and how many helped."""
    tried: Counter[str] = Counter()
    helped: Counter[str] = Counter()
    for item in _retakes(frames):
        for check in item["failed"]:
            tried[check] += item["helped"] is not None
            helped[check] += item["helped"] is True
    return [{"check": check, "retakes": tried[check], "helped": helped[check]} for check in sorted(tried)]


def compared(one: Answer, other: Answer) -> dict[str, Any]:
    """What differs between two reports, the first being the older.

    Raises:
        ValueError: one of them has another format.
    """
    for report_ in (one, other):
        if report_.get("format") != FORMAT:
            raise ValueError(f"format: {report_.get('format')!r}; allowed is {FORMAT}, a report of `ice report --json`")
    return {
        "same_measures": one["manifest"]["compared_by"] == other["manifest"]["compared_by"]
        and one["manifest"]["thresholds"] == other["manifest"]["thresholds"],
        "entities": [
            {"kind": kind, "id": entity_id, "mean": means, "change": _change(*means)}
            for kind in ("characters", "locations", "props", "scenes")
            for entity_id, means in _pairs(one[kind], other[kind]).items()
        ],
        "frames_changed": sorted(
            code
            for code, pair in _pairs(one["frames"], other["frames"], "code", "sha256").items()
            if pair[0] != pair[1]
        ),
        "retakes": [len(one["retakes"]), len(other["retakes"])],
        "cost_usd_micros": [one["cost_usd_micros"], other["cost_usd_micros"]],
    }


def _pairs(
    some: Sequence[Answer], others: Sequence[Answer], key: str = "id", value: str = "mean"
) -> dict[str, list[Any]]:
    first, second = ({item[key]: item[value] for item in items} for items in (some, others))
    return {name: [first.get(name), second.get(name)] for name in sorted({*first, *second})}


def _change(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
