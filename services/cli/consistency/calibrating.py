"""`ice calibrate`: bounds that would have decided as the reviewers did. Pure but for the command at its end."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.exits import Exit
from services.cli.gateway_client import GatewayClient
from services.cli.output import Output
from services.cli.project_commands import chosen_project
from services.cli.settings import gateway_url

Answer = Mapping[str, Any]

#: Decisions of each kind from which a bound is proposed: with fewer, one odd frame moves it at will.
LEAST: Final = 8
_AT_ONCE: Final = 8
#: Checks whose bounds may be set, and whether more is better.
CHECKS: Final[Mapping[str, bool]] = {
    "identity": True,
    "alignment": True,
    "location": True,
    "style": True,
    "copy-paste": False,
    "safety": False,
    "stray-text": False,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A measured value of a frame that a reviewer decided on."""

    value: float
    approved: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A bound for one check, and how it would have decided; `bound` None = there is none, and `why` says why.

    `kept` is the share of approved frames that it passes, `caught` the share of rejected ones that it fails.
    """

    check: str
    bound: float | None
    kept: float | None
    caught: float | None
    approved: int
    rejected: int
    why: str = ""


def proposal(check: str, samples: Sequence[Sample], *, at_least: bool) -> Proposal:
    """The bound with the largest sum of `kept` and `caught` (Youden's J, Cancer 3:32, 1950), of several the laxest."""
    good = [item.value for item in samples if item.approved]
    bad = [item.value for item in samples if not item.approved]
    if min(len(good), len(bad)) < LEAST:
        why = f"{len(good)} approved and {len(bad)} rejected; {LEAST} of each are needed"
        return Proposal(check, None, None, None, len(good), len(bad), why)
    sign = 1.0 if at_least else -1.0
    told = sorted({sign * item.value for item in samples})
    middles = [(one + other) / 2 for one, other in pairwise(told)]

    def shares(bound: float) -> tuple[float, float]:
        kept = sum(sign * value >= bound for value in good) / len(good)
        return kept, sum(sign * value < bound for value in bad) / len(bad)

    best = max((told[0], *middles), key=lambda bound: (round(sum(shares(bound)), 9), -bound))
    kept, caught = shares(best)
    if kept + caught <= 1.0:
        return Proposal(check, None, kept, caught, len(good), len(bad), "its values don't tell the two apart")
    return Proposal(check, sign * best, kept, caught, len(good), len(bad))


def samples(runs: Iterable[Answer]) -> dict[str, list[Sample]]:
    """By check, every value of a frame that a reviewer approved, or sent back; the first word on a frame counts."""
    found: dict[str, list[Sample]] = {check: [] for check in CHECKS}
    for run in runs:
        decided: dict[str, bool] = {}
        for review in run.get("reviews", {}).values():
            decided.setdefault(review["generation_id"], review["decision"] == "approve")
        for generation_id, approved in decided.items():
            generation = run.get("generations", {}).get(generation_id, {})
            for score in (generation.get("validated") or generation).get("scores", ()):
                if score["check"] in found and score.get("value") is not None:
                    found[score["check"]].append(Sample(float(score["value"]), approved))
    return found


async def proposals(client: GatewayClient, project_id: str) -> list[Proposal]:
    """A proposal for every check, from all runs of a project."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(run_id: str) -> Answer:
        async with room:
            return await client.run(run_id)

    shots = await client.shots(project_id)
    runs = await asyncio.gather(*(one(str(run["run_id"])) for shot in shots for run in shot.get("runs", ())))
    told = samples(runs)
    return [proposal(check, told[check], at_least=at_least) for check, at_least in CHECKS.items()]


def proposed_bounds(found: Iterable[Proposal], project_id: str) -> dict[str, dict[str, float]]:
    """What is proposed, as ICE_VALIDATION_BOUNDS takes it; empty where nothing is."""
    bounds = {item.check: round(item.bound, 4) for item in found if item.bound is not None}
    return {f"project:{project_id}": bounds} if bounds else {}


async def calibrate(output: Output, folder: Path | None, project_id: str | None) -> Exit:
    """Propose bounds from a project's past decisions; nothing is changed."""
    async with GatewayClient(gateway_url(folder)) as client:
        project = await chosen_project(client, project_id)
        found = await proposals(client, project)
    bounds = proposed_bounds(found, project)
    value = {"project_id": project, "bounds": bounds, "checks": [_told(item) for item in found]}
    output.result(value, lambda: Group(*_view(found, bounds)))
    return Exit.OK


def _advice(bounds: Answer) -> str:
    """What to do with the proposal."""
    if not bounds:
        return (
            f"No bound is proposed. Each needs {LEAST} approved and {LEAST} rejected frames on which it was measured."
        )
    told = json.dumps(bounds, ensure_ascii=False, separators=(", ", ": "))
    return (
        "To use them, merge this into the validation service's setting and restart it; frames are judged by it from"
        f" then on, earlier verdicts stay:\n\nICE_VALIDATION_BOUNDS='{told}'"
    )


def _told(item: Proposal) -> dict[str, Any]:
    names = ("check", "bound", "kept", "caught", "approved", "rejected", "why")
    return {name: getattr(item, name) for name in names}


def _view(found: Sequence[Proposal], bounds: Answer) -> list[RenderableType]:
    """The checks that were measured, those that weren't in one line, and what to do."""
    measured = [item for item in found if item.approved or item.rejected]
    others = ", ".join(item.check for item in found if item not in measured)
    parts: list[RenderableType] = [_table(measured), Text()] if measured else []
    if others:
        parts += [Text(f"Measured on no frame that was decided on: {others}.", style="grey50"), Text()]
    return [*parts, Text(_advice(bounds), overflow="fold")]


def _table(found: Sequence[Proposal]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="grey50")
    for name in ("check", "bound", "approved, kept", "rejected, caught", "why no bound"):
        if name != "why no bound" or any(item.why for item in found):
            table.add_column(name, no_wrap=name != "why no bound")
    for item in found:
        bound, kept, caught = (
            "–" if value is None else form.format(value)
            for value, form in ((item.bound, "{:.3f}"), (item.kept, "{:.0%}"), (item.caught, "{:.0%}"))
        )
        cells = (item.check, bound, f"{item.approved}, {kept}", f"{item.rejected}, {caught}", item.why)
        table.add_row(*cells[: len(table.columns)])
    return table
