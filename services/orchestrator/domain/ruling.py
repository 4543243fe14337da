"""What a decision rests on, and what it is."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.base import Event
from services.orchestrator.domain.catalogue import Catalogue
from services.orchestrator.domain.fit import Conditions
from services.orchestrator.domain.lessons import NO_LESSONS, Lessons
from services.orchestrator.domain.patience import DEFAULT_PATIENCE, Patience
from services.orchestrator.domain.request import MODELS_OWN, Sampling
from services.orchestrator.domain.state import ShotState


class InDoubtPolicy(StrEnum):
    """What becomes of a run whose call may or may not have been made: wait for a person, or pay another model."""

    HOLD = "hold"
    NEXT_MODEL = "next-model"


@dataclass(frozen=True, slots=True)
class Terms:
    """What decisions rest on beside the state.

    Attributes:
        catalogue: the models.
        conditions: who works here, how they are, what time it is, what money is left.
        patience: how long runs wait.
        in_doubt: what becomes of a call in doubt.
        sampling: what models are given where the project says nothing.
        lessons: what retakes of the project have taught.
        softening: a note with which a refused prompt is worded once more before the next model is asked; empty = not.
    """

    catalogue: Catalogue
    conditions: Conditions
    patience: Patience = DEFAULT_PATIENCE
    in_doubt: InDoubtPolicy = InDoubtPolicy.HOLD
    sampling: Sampling = MODELS_OWN
    softening: str = ""
    lessons: Lessons = NO_LESSONS

    @property
    def now(self) -> float:
        """Seconds since 1970 (UTC)."""
        return self.conditions.now


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision: the state that follows, the events to publish, and a line for the log.

    `note` is empty where the events say it all; `alarm` marks a fault of ours that somebody must look at.
    """

    state: ShotState
    events: tuple[Event, ...] = ()
    run_id: str | None = None
    note: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Time to look at a run that rests: the input that no message brings."""

    run_id: str
    turn: int

    @property
    def key(self) -> str:
        """Identity of what is decided: once per rest."""
        return f"look-{self.run_id}-{self.turn}"
