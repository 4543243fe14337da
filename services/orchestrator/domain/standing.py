"""Which making of a shot is the newest, whatever the order in which two topics bring the news.

A making is a revision with a regeneration. Revisions are numbers. Regenerations of one revision have no order of their
own: `shot.planned` gives it (per shot, its messages keep their order). A prompt can overtake its shot.planned, so a
making met first in `prompt.built` is *early*: newer than all that is planned, unordered among other early ones until
its shot.planned arrives. The first making of a revision (no regeneration) is older than each of its regenerations.
"""

from dataclasses import dataclass

from services.orchestrator.domain.state import Run, ShotState

#: Regenerations of one revision whose order is remembered.
MAX_PLANNED = 500

_FIRST = ""


@dataclass(frozen=True, slots=True)
class Making:
    """One revision with one regeneration (None = its first making)."""

    revision: int
    regeneration_id: str | None


def with_planned(state: ShotState, making: Making) -> ShotState:
    """The state after a ShotPlanned of this making."""
    key = making.regeneration_id or _FIRST
    if making.revision < state.revision or (making.revision == state.revision and key in state.planned):
        return state
    if making.revision > state.revision:
        return state.model_copy(update={"revision": making.revision, "planned": (key,)})
    planned = (key, *state.planned) if key == _FIRST else (*state.planned, key)
    return state.model_copy(update={"planned": planned[-MAX_PLANNED:]})


def with_worded(state: ShotState, making: Making) -> ShotState:
    """The state after a PromptBuilt of this making, whose ShotPlanned may still be on its way."""
    if making.revision <= state.revision:
        return state
    return state.model_copy(update={"revision": making.revision, "planned": ()})


def is_older(state: ShotState, making: Making) -> bool:
    """Whether a newer making than this one is known for certain."""
    if making.revision != state.revision:
        return making.revision < state.revision
    key = making.regeneration_id or _FIRST
    early = _early(state)
    if key == _FIRST:
        return any(other != _FIRST for other in (*state.planned, *early))
    if key not in state.planned:
        return False
    return key != state.planned[-1] or any(other != _FIRST for other in early)


def newest(state: ShotState) -> Making:
    """The newest making known; among early ones the one met last."""
    keys = [*state.planned, *(key for key in _early(state) if key != _FIRST)]
    return Making(state.revision, keys[-1] or None if keys else None)


def outdated(state: ShotState) -> tuple[Run, ...]:
    """Unfinished runs of makings that are older than the newest."""
    return tuple(run for run in state.runs.values() if not run.status.closed and is_older(state, making_of(run)))


def making_of(run: Run) -> Making:
    """The making that a run belongs to."""
    return Making(run.revision, run.regeneration_id)


def _early(state: ShotState) -> tuple[str, ...]:
    keys = (run.regeneration_id or _FIRST for run in state.runs.values() if run.revision == state.revision)
    return tuple(dict.fromkeys(key for key in keys if key not in state.planned))
