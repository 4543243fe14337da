"""What the orchestrator knows of one shot: its newest making, its runs, what was announced and what each input caused.

Everything here is one document, saved by compare-and-set. Payloads (prompts, caused events) are kept as JSON text: a
bible's feature may be named `hair.colour` or `$price`, which a document database must not see as a field name.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.asset import AssetRef
from schemas.base import Model
from schemas.conditioning import Degradation
from schemas.events import REGISTRY
from schemas.generation import FailureKind, ReferenceUse
from schemas.prompt import PromptBuilt
from schemas.validation import Score, Verdict
from schemas.vocabulary import FrameRole, SubjectKind


class RunStatus(StrEnum):
    """Where a run is; the last four are final."""

    WAITING = "waiting"
    GENERATING = "generating"
    VALIDATING = "validating"
    RETAKING = "retaking"
    HELD = "held"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    FAILED = "failed"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"

    @property
    def closed(self) -> bool:
        """Whether nothing can change it any more."""
        return self in _CLOSED


_CLOSED = frozenset({RunStatus.APPROVED, RunStatus.FAILED, RunStatus.REJECTED, RunStatus.SUPERSEDED})

#: Outcomes of an attempt beside the failure kinds. An open attempt has none.
ACCEPTED, FAILED_VALIDATION, REJECTED, OPEN = "accepted", "failed-validation", "rejected", ""
#: It passed its checks; another take was chosen, or will be.
PASSED_OVER = "passed-over"


class Made(Model):
    """What a completed generation was made with: all that the keyframe says about it."""

    asset: AssetRef
    prompt: str
    negative_prompt: str
    seed_used: int | None
    references: tuple[ReferenceUse, ...]
    degradations: tuple[Degradation, ...]
    template_version: str


class Checked(Model):
    """What validation said about it."""

    verdict: Verdict
    scores: tuple[Score, ...]
    reasons: tuple[str, ...]


class WaitKind(StrEnum):
    """What a run waits for: a model that can be asked again, certainty about a call in doubt, a reviewer's word."""

    MODEL = "model"
    IN_DOUBT = "in-doubt"
    REVIEW = "review"


class Wait(Model):
    """Why a run rests, and how long. Times are seconds since 1970 (UTC)."""

    kind: WaitKind
    reason: str
    due: float
    """When to look again, at the latest."""
    until: float
    """When the waiting ends, whatever has happened by then."""
    turn: int
    """Which rest of the run this is, from 1: tells one look from the next."""
    providers: tuple[str, ...] = ()
    """Providers whose recovery ends it."""
    code: str = ""
    """With what code the run ends when nobody has decided by then."""


#: Failures of which a call without cost is no attempt: nothing was tried, as nobody was there to try it.
_NO_ATTEMPT = frozenset({FailureKind.THROTTLED, FailureKind.OUTAGE, FailureKind.CONFIGURATION, FailureKind.SUPERSEDED})


class Attempt(Model):
    """One call of one model, from the request to its outcome."""

    generation_id: str
    attempt: int
    take: int
    model: str
    provider: str
    seed: int
    """Seed of the take, whether or not the model took one."""
    estimated_cost_usd_micros: int
    catalogue_version: str
    synthetic: Literal["algorithmic", "trained-model"]
    degradations: tuple[Degradation, ...] = ()
    """As planned before sending."""
    outcome: str = OPEN
    kind: FailureKind | None = None
    reason: str = ""
    cost_usd_micros: int = 0
    made: Made | None = None
    checked: Checked | None = None
    ended_at: float | None = None
    """When its failure was heard of, seconds since 1970."""
    retry_after_s: float | None = None
    """The vendor's word on when to ask again, from then on."""
    model_digest: str | None = None
    """Digest of the model's card, as far as it shapes the image."""
    prompt_chars: int = 0
    """Characters of the prompt that was sent."""
    changed: str = ""
    """What its take changes, for people; empty for the first."""
    against: tuple[str, ...] = ()
    """Failed checks that it was made for."""
    strategies: tuple[str, ...] = ()
    """What it changes, for programs."""
    tactics: tuple[str, ...] = ()
    """Which of them speaks to which check: `<check>: <strategy>`."""
    skipped: tuple[str, ...] = ()
    """What was left out as it never helped, in the same form."""
    failed_checks: tuple[str, ...] | None = None
    """Checks that its image failed; None = it was not judged."""
    forgiven: bool = False
    """Its failure does not speak against asking the model again: a person or another wording changed the case."""

    @property
    def counts(self) -> bool:
        """Whether it uses up one of the run's attempts."""
        return self.kind not in _NO_ATTEMPT or self.cost_usd_micros > 0

    @property
    def spent_usd_micros(self) -> int:
        """What to reckon with: the cost known, or the estimate while the call is open or in doubt."""
        known = self.made is not None or self.outcome not in {OPEN, FailureKind.IN_DOUBT.value}
        return self.cost_usd_micros if known else max(self.cost_usd_micros, self.estimated_cost_usd_micros)


class KeptPrompt(Model):
    """A `PromptBuilt` as JSON text with its version, so that an older release's is lifted when it is read."""

    version: int
    text: str

    @classmethod
    def of(cls, prompt: PromptBuilt) -> "KeptPrompt":
        """Keep a prompt."""
        return cls(version=prompt.VERSION, text=prompt.model_dump_json(by_alias=True))

    def event(self) -> PromptBuilt:
        """The prompt again.

        Raises:
            UnreadableEventError: the stored text is damaged.
        """
        event = REGISTRY.decode(PromptBuilt.TYPE, self.version, self.text.encode())
        if not isinstance(event, PromptBuilt):
            raise TypeError(f"kept prompt: {type(event).__name__}, allowed is PromptBuilt")
        return event


class Run(Model):
    """The making of one frame of one revision and regeneration."""

    run_id: str
    revision: int
    regeneration_id: str | None
    frame_role: FrameRole
    status: RunStatus
    take: int = 1
    """Take in the making."""
    allowance: int
    """Attempts that it may use; grows only by a reviewer's re-roll."""
    express: bool = False
    """A reviewer waits for it."""
    scene_id: str = ""
    """Scene of the shot."""
    budgeted: bool = False
    """Whether its calls are booked in the project's budget."""
    wait: Wait | None = None
    """While it waits or is held."""
    turns: int = 0
    """How often it came to rest."""
    waiting_since: float | None = None
    """Start of the spell of waiting, over all calls in it that came to nothing; None = a model was there last."""
    attempts: tuple[Attempt, ...] = ()
    prompt: KeptPrompt | None = None
    """The newest wording, dropped when the run is closed."""

    @property
    def cost_usd_micros(self) -> int:
        """What all attempts cost, open and doubtful ones by their estimate."""
        return sum(attempt.spent_usd_micros for attempt in self.attempts)

    @property
    def attempts_used(self) -> int:
        """Attempts that count against the allowance."""
        return sum(attempt.counts for attempt in self.attempts)

    def attempt(self, generation_id: str) -> Attempt | None:
        """An attempt by its generation; None when it is none of this run's."""
        return next((item for item in self.attempts if item.generation_id == generation_id), None)

    def with_attempt(self, changed: Attempt) -> "Run":
        """The run with one attempt replaced."""
        attempts = tuple(changed if item.generation_id == changed.generation_id else item for item in self.attempts)
        return self.model_copy(update={"attempts": attempts})

    def resting(self, status: RunStatus, wait: Wait) -> "Run":
        """The run at rest."""
        return self.model_copy(update={"status": status, "wait": wait, "turns": wait.turn})

    def closed_as(self, status: RunStatus) -> "Run":
        """The run at its end; its prompt is no longer needed."""
        return self.model_copy(update={"status": status, "prompt": None, "wait": None})

    def wording(self) -> PromptBuilt:
        """The newest wording.

        Raises:
            ValueError: the run is closed, so it was dropped.
        """
        if self.prompt is None:
            raise ValueError(f"run {self.run_id}: its prompt was dropped when it became {self.status.value}")
        return self.prompt.event()


class Published(Model):
    """The keyframe announced last for a frame role."""

    event_id: str
    run_id: str
    generation_id: str
    revision: int
    regeneration_id: str | None


class Caused(Model):
    """What one input event caused: packed events as JSON text. `run_id` None: about the shot as a whole."""

    run_id: str | None
    events: str


class ShotState(Model):
    """Everything known of one subject; `version` counts the document's writes."""

    project_id: str
    subject: SubjectKind
    shot_id: str
    version: int = 0
    revision: int = 0
    """Newest revision heard of, from whichever topic; 0 = none."""
    planned: tuple[str, ...] = ()
    """Regenerations of that revision in the order of shot.planned; empty text = its first making."""
    runs: dict[str, Run] = Field(default_factory=dict)
    published: dict[FrameRole, Published] = Field(default_factory=dict)
    caused: dict[str, Caused] = Field(default_factory=dict)
    """By id of the input event, oldest first."""
    unannounced: dict[str, float] = Field(default_factory=dict)
    """Inputs whose events no message publishes again: when the sweep has to, seconds since 1970."""
    woken: bool = False
    """Whether waiting runs have to be looked at before their time."""

    @property
    def due(self) -> float | None:
        """When a sweep has to look, seconds since 1970; None = never."""
        waits = [run.wait.due for run in self.runs.values() if run.wait is not None]
        return min((*waits, *self.unannounced.values()), default=None)

    @property
    def document_id(self) -> str:
        """`<project>/<subject>/<shot>`."""
        return document_id(self.project_id, self.subject, self.shot_id)

    def with_run(self, run: Run) -> "ShotState":
        """The state with a run added or replaced."""
        return self.model_copy(update={"runs": {**self.runs, run.run_id: run}})


def document_id(project_id: str, subject: SubjectKind, shot_id: str) -> str:
    """Key of a subject's document; identifiers hold no `/`, so no two subjects share one."""
    return f"{project_id}/{subject.value}/{shot_id}"
