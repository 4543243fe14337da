"""A small world for the orchestrator's tests: three models of two providers, and a shot whose events go through it."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from schemas.base import Event
from schemas.conditioning import Degradation
from schemas.generation import GenerationCompleted, GenerationFailed, GenerationRequested
from schemas.generation.v1 import FailureKind
from schemas.project import ProjectSettings
from schemas.prompt import PromptBuilt, RetakeRequested
from schemas.review import Decision, ReviewDecided, ReviewRequested
from schemas.run import RunContext, runs_of
from schemas.shot import ShotPlanned
from schemas.validation import FrameValidated, Outcome, Score, Verdict
from schemas.vocabulary import SubjectKind
from services.orchestrator.domain.catalogue import Catalogue, parse_catalogue
from services.orchestrator.domain.decisions import decide
from services.orchestrator.domain.fit import Conditions
from services.orchestrator.domain.ruling import Look, Ruling, Terms
from services.orchestrator.domain.state import Run, ShotState, WaitKind
from tests import builders

TODAY = date(2026, 11, 23)
NOON = datetime.combine(TODAY, time(12), UTC).timestamp()

_CARDS: tuple[dict[str, Any], ...] = (
    {
        "model": "previz",
        "provider": "previz",
        "dialects": ["natural"],
        "prompt_max_chars": 40000,
        "sizes": {"kind": "range", "min_side": 64, "max_side": 4096, "max_pixels": 16777216},
        "seed": {},
        "negative_prompt": True,
        "styles": {"*": 0.5},
        "cost_usd_micros": 0,
        "latency_s": 1,
        "free": True,
        "draws_facts": True,
    },
    {
        "model": "alpha",
        "provider": "paint",
        "aliases": ["old-alpha"],
        "dialects": ["natural"],
        "prompt_max_chars": 1000,
        "sizes": {"kind": "range", "min_side": 256, "max_side": 2048, "step": 8, "max_pixels": 4194304},
        "seed": {"max": 1000},
        "negative_prompt": True,
        "references": {"max": 2, "strength": True},
        "loras": {"max": 1, "base": "sdxl"},
        "steps": True,
        "cfg_scale": True,
        "composition_guide": True,
        "styles": {"cinematic": 0.9, "noir": 0.8},
        "cost_usd_micros": 50_000,
        "latency_s": 10,
    },
    {
        "model": "beta",
        "provider": "brush",
        "dialects": ["natural"],
        "prompt_max_chars": 200,
        "sizes": {"kind": "list", "pairs": [[1024, 576], [1024, 1024]]},
        "styles": {"cinematic": 0.7, "*": 0.3},
        "cost_usd_micros": 20_000,
        "latency_s": 20,
    },
)


def catalogue(*models: str, **changes: Any) -> Catalogue:
    """The cards of these models (none named = all); `changes` go into every card."""
    cards = [{**card, **changes} for card in _CARDS if not models or card["model"] in models]
    return parse_catalogue({"version": "test-1", "models": cards}, "test")


def terms(*models: str, **changes: Any) -> Terms:
    """Every provider has a worker here and it is noon, unless `changes` of terms or conditions say otherwise."""
    base: dict[str, Any] = {"providers": ("previz", "paint", "brush"), "today": TODAY, "now": NOON, **changes}
    conditions = {name: base.pop(name) for name in [field.name for field in fields(Conditions)] if name in base}
    return Terms(**{"catalogue": catalogue(*models), "conditions": Conditions(**conditions), **base})


class FakeGauges:
    """`Gauges` that remember what was shown last."""

    def __init__(self) -> None:
        self.shown: dict[WaitKind, int] = {}

    def resting(self, counts: Mapping[WaitKind, int]) -> None:
        self.shown = dict(counts)


def plan(
    revision: int = 1, regeneration_id: str | None = None, *, settings: ProjectSettings | None = None, **shot: Any
) -> ShotPlanned:
    """A planned shot; `settings` are the project's, `shot` the fields of the shot."""
    return ShotPlanned(
        project=settings or builders.project(),
        shot=builders.shot(**shot),
        revision=revision,
        regeneration_id=regeneration_id,
    )


def context(
    revision: int = 1, regeneration_id: str | None = None, *, settings: ProjectSettings | None = None, **shot: Any
) -> RunContext:
    """The first run of that plan."""
    return runs_of(plan(revision, regeneration_id, settings=settings, **shot))[0]


def worded(of: RunContext | None = None, **changes: Any) -> PromptBuilt:
    """The prompt of a run."""
    return builders.prompt_built(of or context(), **changes)


def reworded(prompt: PromptBuilt, asked: RetakeRequested) -> PromptBuilt:
    """What prompt_builder answers to a retake."""
    return prompt.model_copy(update={"take": asked.take, "retake": asked.instruction})


def completed(asked: GenerationRequested, **changes: Any) -> GenerationCompleted:
    """The worker's image, with what a worker hands through."""
    return builders.generation_completed(
        asked,
        **{
            "degradations": asked.degradations,
            "negative_prompt": asked.negative_prompt,
            "references": asked.references,
            "cost_usd_micros": asked.estimated_cost_usd_micros,
            **changes,
        },
    )


def broken(asked: GenerationRequested, kind: FailureKind, **changes: Any) -> GenerationFailed:
    """The worker's failure."""
    return builders.generation_failed(asked, **{"kind": kind, "reason": f"it was {kind.value}", **changes})


def passed(made: GenerationCompleted) -> FrameValidated:
    """A frame that passed."""
    return builders.frame_validated(made)


def flawed(made: GenerationCompleted, check: str = "sharpness") -> FrameValidated:
    """A frame that failed one check."""
    return builders.frame_validated(
        made,
        verdict=Verdict.FAILED,
        scores=(Score(check=check, outcome=Outcome.FAILED, value=3.0, threshold=20.0, measured_with="test"),),
        reasons=(f"{check} is 3, allowed is 20 and more",),
    )


def decided(asked: ReviewRequested, decision: Decision, *, note: str = "", review_id: str = "r1") -> ReviewDecided:
    """A reviewer's decision on what is in review."""
    return ReviewDecided(
        review_id=review_id,
        project_id=asked.run.project.project_id,
        shot_id=asked.run.shot.shot_id,
        run_id=asked.run.run_id,
        generation_id=asked.generation_id,
        decision=decision,
        note=note,
        reviewer="Mira",
    )


E = TypeVar("E", bound=Event)


def only(events: Sequence[Event], kind: type[E]) -> E:
    """The one event, which must be of this kind."""
    assert [type(event) for event in events] == [kind], events
    event = events[0]
    assert isinstance(event, kind)
    return event


class Stage:
    """One shot in the orchestrator's pure domain: send events, look at what follows."""

    def __init__(self, terms_: Terms | None = None) -> None:
        self.terms = terms_ or terms()
        self.state = ShotState(project_id="vrindavan", subject=SubjectKind.KEYFRAME, shot_id="sh0010")

    def after(self, seconds: float, **changes: Any) -> "Stage":
        """So much later, with other conditions where `changes` say so."""
        now = self.terms.now + seconds
        today = datetime.fromtimestamp(now, UTC).date()
        conditions = replace(self.terms.conditions, **{"now": now, "today": today, **changes})
        self.terms = replace(self.terms, conditions=conditions)
        return self

    def look(self, of: RunContext | None = None) -> tuple[Event, ...]:
        """What follows when the run that rests is looked at now."""
        run = self.run(of)
        assert run.wait is not None, f"{run.status.value}: doesn't rest"
        return self.send(Look(run.run_id, run.wait.turn))

    def rested(self, of: RunContext | None = None) -> tuple[Event, ...]:
        """What follows when the run that rests is looked at as soon as it is due."""
        run = self.run(of)
        assert run.wait is not None, f"{run.status.value}: doesn't rest"
        return self.after(run.wait.due - self.terms.now).look(of)

    def ruling(self, event: Event | Look) -> Ruling:
        """Decide on an event and go on from there."""
        ruling = decide(self.state, event, self.terms)
        self.state = ruling.state
        return ruling

    def send(self, *events: Event | Look) -> tuple[Event, ...]:
        """The events caused by the last one sent."""
        caused: tuple[Event, ...] = ()
        for event in events:
            caused = self.ruling(event).events
        return caused

    def ask(self, prompt: PromptBuilt) -> GenerationRequested:
        """Send a prompt that must lead to a request."""
        return only(self.send(prompt), GenerationRequested)

    def run(self, of: RunContext | None = None) -> Run:
        """A run of the shot; None = its first making."""
        return self.state.runs[(of or context()).run_id]


def codes(degradations: Sequence[Degradation]) -> list[str]:
    """Their codes, in order."""
    return [item.code for item in degradations]
