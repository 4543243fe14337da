"""What differs between two reports of a film. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.cli.counting import counted

Answer = Mapping[str, Any]

#: Of `report.json`. A report of another format is compared with none of this.
FORMAT: Final = 2
KINDS: Final = ("characters", "locations", "props", "scenes")
#: What of the manifest makes two reports comparable; the rest tells what the film was made with.
_MEASURES: Final = ("compared_by", "cids", "thresholds")
_MAKING: Final = ("engine", "catalogues", "templates", "models")


def compared(one: Answer, other: Answer) -> dict[str, Any]:
    """What differs, the first report being the older. A null is something that one of them lacks.

    Raises:
        ValueError: one of them has another format.
    """
    for report in (one, other):
        if report.get("format") != FORMAT:
            raise ValueError(f"format: {report.get('format')!r}; allowed is {FORMAT}, the report.json of `ice report`")
    manifests = one["manifest"], other["manifest"]
    unlike = [name for name in _MEASURES if manifests[0].get(name) != manifests[1].get(name)]
    return {
        "same_film": one["project_id"] == other["project_id"],
        "same_measures": not unlike,
        "measured_differently": unlike,
        "made_differently": [name for name in _MAKING if manifests[0].get(name) != manifests[1].get(name)],
        "entities": [
            {"kind": kind, "id": entity_id, "mean": means, "change": _change(*means)}
            for kind in KINDS
            for entity_id, means in _pairs(one[kind], other[kind]).items()
        ],
        "cids": {
            name: [report["cids"][name] for report in (one, other)]
            for name in ("cross", "self")
            if _has_cids(one, other)
        },
        "frames_added": sorted(_codes(other) - _codes(one)),
        "frames_gone": sorted(_codes(one) - _codes(other)),
        "frames_changed": sorted(
            code
            for code, pair in _pairs(one["frames"], other["frames"], "code", "sha256").items()
            if None not in pair and pair[0] != pair[1]
        ),
        "without_keyframe": [len(one["without_keyframe"]), len(other["without_keyframe"])],
        "retakes": [len(one["retakes"]), len(other["retakes"])],
        "retakes_helped": [sum(item["helped"] is True for item in report["retakes"]) for report in (one, other)],
        "cost_usd_micros": [one["cost_usd_micros"], other["cost_usd_micros"]],
    }


def _has_cids(one: Answer, other: Answer) -> bool:
    return all(report.get("cids") is not None for report in (one, other))


def _codes(report: Answer) -> set[str]:
    return {item["code"] for item in report["frames"]}


def _pairs(
    some: Sequence[Answer], others: Sequence[Answer], key: str = "id", value: str = "mean"
) -> dict[str, list[Any]]:
    first, second = ({item[key]: item[value] for item in items} for items in (some, others))
    return {name: [first.get(name), second.get(name)] for name in sorted({*first, *second})}


def _change(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def lines(found: Answer) -> list[str]:
    """The differences for people."""
    told = [] if found["same_film"] else ["These are two films."]
    if not found["same_measures"]:
        told.append(f"Measured differently ({', '.join(found['measured_differently'])}): the figures don't compare.")
    if found["made_differently"]:
        told.append(f"Made differently: {', '.join(found['made_differently'])}.")
    told += [
        f"{item['kind']} {item['id']}: {item['mean'][0]:.3f} → {item['mean'][1]:.3f} ({item['change']:+.3f})"
        for item in found["entities"]
        if item["change"]
    ]
    told += [f"CIDS-{name}: {_number(pair[0])} → {_number(pair[1])}" for name, pair in found["cids"].items()]
    named = (("changed", "frames_changed"), ("new", "frames_added"), ("gone", "frames_gone"))
    told += [_frames(word, found[key]) for word, key in named if found[key]]
    if not any(found[key] for _, key in named):
        told.append("The frames are the same.")
    helped = found["retakes_helped"]
    told.append(f"retakes {found['retakes'][0]} → {found['retakes'][1]}, of which helped {helped[0]} → {helped[1]}")
    told.append(f"without a keyframe {found['without_keyframe'][0]} → {found['without_keyframe'][1]}")
    cost = [f"${value / 1e6:.2f}" for value in found["cost_usd_micros"]]
    told.append(f"cost {cost[0]} → {cost[1]}")
    return told


def _frames(word: str, codes: Sequence[str]) -> str:
    return f"{counted(len(codes), 'frame')} {word}: {', '.join(codes)}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
