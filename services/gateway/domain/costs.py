"""What calls cost: spent for certain, and perhaps spent by calls in doubt. Pure.

Every call of every take and revision counts, the thrown-away ones too: the vendor's bill lists them as well.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Document = Mapping[str, Any]
Answer = dict[str, Any]

_MOST_SHOTS: Final = 20


@dataclass(frozen=True, slots=True)
class CallCost:
    """One call of a run.

    Attributes:
        generation_id: of the call.
        provider: asked.
        model: asked.
        outcome: `made`, `failed`, `in-doubt` or `open`.
        spent_usd_micros: what it cost for certain, in millionths of a US dollar.
        possible_usd_micros: what it may have cost on top, of a call in doubt.
    """

    generation_id: str
    provider: str
    model: str
    outcome: str
    spent_usd_micros: int
    possible_usd_micros: int


def calls_of(run: Document) -> list[CallCost]:
    """Every call of a run of the read model."""
    return [_call(generation_id, call) for generation_id, call in run.get("generations", {}).items()]


def costs_of(runs: Iterable[Document]) -> Answer:
    """Totals, and the same by model, scene and the dearest shots."""
    calls = [(run, call) for run in runs for call in calls_of(run)]
    shots = _grouped(calls, lambda run, _: str(run.get("shot_id")), "shot_id")
    return {
        **_sum(call for _, call in calls),
        "by_model": _grouped(calls, lambda _, call: call.model, "model"),
        "by_scene": _grouped(calls, lambda run, _: str(run.get("scene_id")), "scene_id"),
        "dearest_shots": shots[:_MOST_SHOTS],
    }


def calls_in_doubt(run: Document) -> list[Answer]:
    """The calls of a run in doubt; a later certain answer takes a call off the list."""
    return [
        {
            "generation_id": call.generation_id,
            "project_id": run.get("project_id"),
            "shot_id": run.get("shot_id"),
            "frame_role": run.get("frame_role"),
            "run_id": run.get("run_id"),
            "run_status": run.get("status"),
            "provider": call.provider,
            "model": call.model,
            "possible_cost_usd_micros": call.possible_usd_micros,
            **{name: doubted.get(name) for name in ("sent_at", "vendor_job_id", "reason", "at_ms")},
        }
        for call in calls_of(run)
        if call.outcome == "in-doubt"
        for doubted in (run["generations"][call.generation_id]["doubted"],)
    ]


def _call(generation_id: str, call: Document) -> CallCost:
    made, failed, doubted = call.get("completed"), call.get("failed"), call.get("doubted")
    outcome = "made" if made else "failed" if failed else "in-doubt" if doubted else "open"
    certain = made or failed or {}
    perhaps = doubted if doubted and not (made or failed) else {}
    return CallCost(
        generation_id=generation_id,
        provider=str(call.get("provider")),
        model=str(call.get("model")),
        outcome=outcome,
        spent_usd_micros=int(certain.get("cost_usd_micros") or 0),
        possible_usd_micros=int((perhaps or {}).get("cost_usd_micros") or 0),
    )


def _sum(calls: Iterable[CallCost]) -> Answer:
    found = list(calls)
    outcomes = [call.outcome for call in found]
    return {
        "calls": len(found),
        "made": outcomes.count("made"),
        "failed": outcomes.count("failed"),
        "in_doubt": outcomes.count("in-doubt"),
        "spent_usd_micros": sum(call.spent_usd_micros for call in found),
        "possible_usd_micros": sum(call.possible_usd_micros for call in found),
    }


def _grouped(
    calls: Iterable[tuple[Document, CallCost]], key: Callable[[Document, CallCost], str], name: str
) -> list[Answer]:
    """The dearest first; those in doubt count with what they may have cost."""
    groups: dict[str, list[CallCost]] = {}
    for run, call in calls:
        groups.setdefault(key(run, call), []).append(call)
    rows = [{name: group, **_sum(found)} for group, found in groups.items()]
    return sorted(rows, key=lambda row: (-row["spent_usd_micros"] - row["possible_usd_micros"], row[name]))
