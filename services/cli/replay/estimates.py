"""What new takes would be made, by which model and for how much: the services' own rules, asked in this process. Pure.

The estimate knows today's bible and catalogue. It doesn't know whether providers are well, nor how often a frame will
have to be taken: the cost is that of one call per frame.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from schemas.base import Event
from schemas.bible import Character, CharacterDefined, Location, LocationDefined, Prop, PropDefined
from schemas.conditioning import CharactersConditioned, LocationConditioned
from schemas.prompt import PromptBuilt
from schemas.run import ChainEvent
from schemas.shot import ShotPlanned, ShotRejected
from services.cli.replay.facts import facts_of
from services.engine.errors import ShotRejectedError
from services.engine.settling import Entries, placed, settled
from services.location_conditioning.domain import Templates as Places
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.request import plan_request
from services.orchestrator.domain.router import choose
from services.prompt_builder.domain import Templates as Wordings
from services.prompt_builder.domain import build


@dataclass(frozen=True, slots=True)
class Rules:
    """What the estimate rests on."""

    catalogue: Catalogue
    providers: tuple[str, ...]
    today: date
    places: Places
    wordings: Wordings


class Bible:
    """The newest entries of some projects."""

    def __init__(self) -> None:
        self._characters: dict[str, dict[str, Character]] = {}
        self._locations: dict[str, dict[str, Location]] = {}
        self._props: dict[str, dict[str, Prop]] = {}

    def add(self, event: Event) -> None:
        """Take in the next event of a bible topic; an older version never takes a newer one's place."""
        match event:
            case CharacterDefined():
                _keep(self._characters.setdefault(event.project_id, {}), event.character)
            case LocationDefined():
                _keep(self._locations.setdefault(event.project_id, {}), event.location)
            case PropDefined():
                _keep(self._props.setdefault(event.project_id, {}), event.prop)
            case _:
                pass

    def of(self, project_id: str) -> Entries:
        """What is known of a project's bible."""
        return Entries(
            self._characters.get(project_id, {}), self._locations.get(project_id, {}), self._props.get(project_id, {})
        )


E = TypeVar("E", Character, Location, Prop)


def _keep(entries: dict[str, E], entry: E) -> None:
    known = entries.get(entry.id)
    if known is None or entry.version >= known.version:
        entries[entry.id] = entry


@dataclass(slots=True)
class Row:
    """What would be made of one scene."""

    project_id: str
    scene_id: str
    shots: set[str] = field(default_factory=set)
    frames: int = 0
    models: Counter[str] = field(default_factory=Counter)
    cost_usd_micros: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    """Frames that would not be made, by reason."""

    def answer(self) -> dict[str, Any]:
        """For programs."""
        return {
            "project_id": self.project_id,
            "scene_id": self.scene_id,
            "shots": len(self.shots),
            "frames": self.frames,
            "models": dict(self.models),
            "estimated_cost_usd": self.cost_usd_micros / 1_000_000,
            "not_made": dict(self.refusals),
        }


class Estimate:
    """Sums up what would be made, scene by scene."""

    def __init__(self, rules: Rules, bible: Bible) -> None:
        self._rules = rules
        self._bible = bible
        self._rows: dict[tuple[str, str], Row] = {}
        self.unmet: Counter[str] = Counter()
        """Wishes for a model that can't be followed, with the reason."""

    @property
    def rows(self) -> list[Row]:
        """By project and scene."""
        return [self._rows[key] for key in sorted(self._rows)]

    def add(self, event: Event) -> None:
        """Take in one event that would be sent, wishes included."""
        facts = facts_of(event)
        key = (facts.project_id or "", facts.scene_id or "")
        row = self._rows.setdefault(key, Row(*key))
        row.shots.add(facts.shot_id or "")
        for prompt in self._worded(event):
            self._count(row, prompt)

    def _count(self, row: Row, prompt: PromptBuilt | ShotRejected) -> None:
        row.frames += 1
        if isinstance(prompt, ShotRejected):
            row.refusals["; ".join(f"{item.field}: {item.value} ({item.code})" for item in prompt.problems)] += 1
            return
        rules = self._rules
        choice = choose(prompt, catalogue=rules.catalogue, today=rules.today, providers=rules.providers)
        self.unmet.update(f"{item.name}: {item.reason}" for item in choice.unmet)
        if choice.chosen is None:
            row.refusals["no capable model"] += 1
            return
        row.models[choice.chosen.model] += 1
        row.cost_usd_micros += plan_request(prompt, choice).estimated_cost_usd_micros

    def _worded(self, event: Event) -> Iterable[PromptBuilt | ShotRejected]:
        match event:
            case PromptBuilt():
                yield event
            case LocationConditioned():
                yield build(event, self._rules.wordings)
            case ChainEvent() | ShotPlanned():
                project = event.project if isinstance(event, ShotPlanned) else event.run.project
                entries = self._bible.of(project.project_id)
                try:
                    for frame in self._placed(event, entries):
                        yield build(frame, self._rules.wordings)
                except ShotRejectedError as error:
                    roles = len(event.shot.frames.roles) if isinstance(event, ShotPlanned) else 1
                    yield from [error.rejection] * roles

    def _placed(self, event: Event, entries: Entries) -> list[LocationConditioned]:
        if isinstance(event, CharactersConditioned):
            return [placed(event, entries, {}, self._rules.places)]
        if isinstance(event, ShotPlanned):
            roles = event.shot.frames.roles
            return [settled(event, entries, role, {}, self._rules.places) for role in roles]
        return []


def totals(rows: Iterable[Row]) -> Mapping[str, Any]:
    """All scenes together."""
    listed = list(rows)
    return {
        "shots": sum(len(row.shots) for row in listed),
        "frames": sum(row.frames for row in listed),
        "not_made": sum(row.refusals.total() for row in listed),
        "estimated_cost_usd": sum(row.cost_usd_micros for row in listed) / 1_000_000,
    }
