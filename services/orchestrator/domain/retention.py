"""Keeps a shot's document small, however often the shot is made again."""

import itertools
from collections.abc import Iterable

from services.orchestrator.domain.standing import Making, making_of
from services.orchestrator.domain.state import Caused, Run, ShotState

#: Makings whose caused events can be published again, beside unfinished runs and the runs on show.
FULL_MAKINGS = 2
#: Runs remembered at all; closed ones beyond are forgotten, oldest first.
MAX_RUNS = 64
#: Decisions of one run whose events can be published again; older ones have long had their effect.
CAUSED_PER_RUN = 8
#: Inputs without effect that are remembered per run, and inputs about the shot as a whole.
IDLE_PER_RUN = 32


def remembering(state: ShotState, event_id: str, run_id: str | None, events: str) -> ShotState:
    """The state with what an input caused (packed events as JSON text), within the bounds above."""
    caused = {**state.caused, event_id: Caused(run_id=run_id, events=events)}
    return trimmed(state.model_copy(update={"caused": caused}))


def trimmed(state: ShotState) -> ShotState:
    """The state without payloads of old closed runs, and within the bounds above.

    What is forgotten of a run stays safe: a repeated message of a closed run changes nothing, and a repeated plan of an
    old revision is old.
    """
    runs = _remembered(state)
    full = _full(state, runs.values())
    kept = {key: run if key in full else _summary(run) for key, run in runs.items()}
    caused = {key: entry for key, entry in state.caused.items() if entry.run_id is None or entry.run_id in full}
    return state.model_copy(update={"runs": kept, "caused": _newest_entries(caused)})


def _remembered(state: ShotState) -> dict[str, Run]:
    spare = len(state.runs) - MAX_RUNS
    shown = {item.run_id for item in state.published.values()}
    droppable = [key for key, run in state.runs.items() if run.status.closed and key not in shown]
    dropped = set(droppable[: max(0, spare)])
    return {key: run for key, run in state.runs.items() if key not in dropped}


def _full(state: ShotState, runs: Iterable[Run]) -> set[str]:
    listed = tuple(runs)
    makings: list[Making] = []
    for run in reversed(listed):
        if making_of(run) not in makings:
            makings.append(making_of(run))
    newest = makings[:FULL_MAKINGS]
    shown = {item.run_id for item in state.published.values()}
    return {run.run_id for run in listed if not run.status.closed or run.run_id in shown or making_of(run) in newest}


def _summary(run: Run) -> Run:
    attempts = tuple(
        attempt.model_copy(update={"made": None, "checked": None, "degradations": ()}) for attempt in run.attempts
    )
    return run.model_copy(update={"attempts": attempts, "prompt": None})


def _newest_entries(caused: dict[str, Caused]) -> dict[str, Caused]:
    counts: dict[tuple[str | None, bool], itertools.count[int]] = {}
    kept: list[tuple[str, Caused]] = []
    for key, entry in reversed(caused.items()):
        acted = entry.run_id is not None and entry.events != "[]"
        seen = next(counts.setdefault((entry.run_id, acted), itertools.count(1)))
        if seen <= (CAUSED_PER_RUN if acted else IDLE_PER_RUN):
            kept.append((key, entry))
    return dict(reversed(kept))
