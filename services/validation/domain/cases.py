"""What a measure by a trained model looks at, and what such a measure is.

A case holds bytes and words only, so that it can be handed to another process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from schemas.conditioning import ConditionedEvent
from schemas.validation import Outcome, Score

_DETAIL = 2000


class Role(StrEnum):
    """What a reference picture shows."""

    CHARACTER = "character"
    LOCATION = "location"
    PROP = "prop"


class Need(StrEnum):
    """What a scorer can't do without."""

    CHARACTER_REFERENCES = "reference pictures of a visible character"
    LOCATION_REFERENCES = "a plate of the location in this light"


_ROLES: Mapping[Need, Role] = {
    Need.CHARACTER_REFERENCES: Role.CHARACTER,
    Need.LOCATION_REFERENCES: Role.LOCATION,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A reference picture, encoded, and whom or what it shows."""

    role: Role
    entity_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """A frame with all that it may be held to.

    Attributes:
        data: the frame, encoded.
        cast: ids and names of who is to be seen.
        references: of the visible cast, the place and the props.
        style: the frame's style.
        words: what the frame is to show, for measures that read.
        bounds: bounds of the project and the style, by check; a scorer has its own default for the others.
    """

    data: bytes
    cast: tuple[tuple[str, str], ...] = ()
    references: tuple[Shown, ...] = ()
    style: str = ""
    words: str = ""
    bounds: Mapping[str, float] = field(default_factory=dict)

    def of(self, role: Role) -> tuple[Shown, ...]:
        """The references of one role."""
        return tuple(item for item in self.references if item.role is role)


class CaseScorer(Protocol):
    """Measures by a trained model. Blocking; made and called in a process of its own."""

    @property
    def name(self) -> str:
        """What measures, e.g. `dlib-faces`."""
        ...

    @property
    def version(self) -> str:
        """Version of the measure: a new one is a new meaning of the numbers."""
        ...

    @property
    def model(self) -> str:
        """The trained model, with the start of its file's sha256."""
        ...

    @property
    def checks(self) -> tuple[str, ...]:
        """The checks that it answers."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What it can't measure without."""
        ...

    def score(self, case: Case) -> Sequence[Score]:
        """One score or more for each of its checks; a null value with the reason where it can't measure."""
        ...


def judged(scorer: CaseScorer, case: Case) -> tuple[Score, ...]:
    """Every score of a scorer. What it can't measure, or trips over, is null: a fault of ours fails no frame."""
    lacking = [need.value for need in sorted(scorer.needs) if not case.of(_ROLES[need])]
    if lacking:
        return unmeasured(scorer, f"there is no {', no '.join(lacking)}")
    try:
        return tuple(scorer.score(case))
    except Exception as error:  # noqa: BLE001 - whatever a model trips over
        return unmeasured(scorer, f"{scorer.name} failed: {type(error).__name__}: {error}")


def unmeasured(scorer: CaseScorer, why: str) -> tuple[Score, ...]:
    """A null score for each check."""
    return tuple(null(scorer, check, why) for check in scorer.checks)


def null(scorer: CaseScorer, check: str, why: str, entity_id: str | None = None) -> Score:
    """A check without a value."""
    return Score(
        check=check,
        outcome=Outcome.NOT_MEASURED,
        measured_with=f"{scorer.name} {scorer.version}",
        model=scorer.model,
        entity_id=entity_id,
        detail=why[:_DETAIL],
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound, and on which side of it a value is good."""

    value: float
    at_least: bool = True
    warns: bool = False
    """Only warn beyond it."""

    def outcome(self, value: float) -> Outcome:
        """What a value is."""
        good = value >= self.value if self.at_least else value <= self.value
        return Outcome.PASSED if good else Outcome.WARNED if self.warns else Outcome.FAILED


def valued(  # noqa: PLR0913 - the fields of a score
    scorer: CaseScorer, check: str, value: float, bound: Bound, *, unit: str, detail: str, entity_id: str | None = None
) -> Score:
    """A measured check, held to its bound."""
    return Score(
        check=check,
        outcome=bound.outcome(value),
        value=value,
        unit=unit,
        threshold=bound.value,
        measured_with=f"{scorer.name} {scorer.version}",
        model=scorer.model,
        entity_id=entity_id,
        detail=detail[:_DETAIL],
    )


def words_of(event: ConditionedEvent) -> str:
    """What a frame is to show in plain words: the shot's description and action, and its place's landmarks."""
    shot, place = event.run.shot, event.location
    landmarks = ", ".join(place.landmarks) if place is not None else ""
    props = ", ".join(prop.name for prop in event.props)
    return ". ".join(text for text in (shot.description, shot.action, landmarks, props) if text)
