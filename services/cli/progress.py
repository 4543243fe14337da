"""How far a film is, worked out from the gateway's answers. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Answer = Mapping[str, Any]

STATUSES: Final = (
    "planned", "parked", "conditioned", "prompted", "generating", "validating", "review", "held",
    "ready", "failed", "rejected", "superseded",
)  # fmt: skip
"""In the order of a run's way, the ends last."""
ENDS: Final = frozenset({"ready", "failed", "rejected", "superseded"})
#: Nothing moves until a person says something.
WAITS_FOR_PEOPLE: Final = frozenset({"review", "held"})
BAD_ENDS: Final = frozenset({"failed", "rejected"})
_MICROS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One keyframe on its way."""

    shot_id: str
    code: str
    scene_id: str
    role: str
    status: str
    reason: str
    """Why it failed; empty otherwise."""


@dataclass(frozen=True, slots=True)
class FilmProgress:
    """One film on its way.

    Attributes:
        expected: keyframes that the plan asks for; at least as many as are known.
        seconds: from the first event of the first run to the newest event of any.
        references_waiting: sheets, plates and prop views that wait for a person; shots may wait for them.
    """

    project_id: str
    title: str
    expected: int
    frames: tuple[Frame, ...]
    seconds: float
    cost_usd: float
    references_waiting: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Frames per status, every status named; what is published but not seen yet counts as planned."""
        counts = dict.fromkeys(STATUSES, 0)
        for frame in self.frames:
            counts[frame.status] = counts.get(frame.status, 0) + 1
        counts["planned"] += self.expected - len(self.frames)
        return counts

    @property
    def ready(self) -> int:
        """Frames that are done."""
        return self.counts["ready"]

    @property
    def bad(self) -> tuple[Frame, ...]:
        """Frames that failed or were rejected."""
        return tuple(frame for frame in self.frames if frame.status in BAD_ENDS)

    @property
    def finished(self) -> bool:
        """Whether nothing moves any more."""
        return len(self.frames) >= self.expected and all(frame.status in ENDS for frame in self.frames)

    @property
    def waiting(self) -> tuple[Frame, ...]:
        """Frames that wait for a person."""
        return tuple(frame for frame in self.frames if frame.status in WAITS_FOR_PEOPLE)

    @property
    def people_asked(self) -> str:
        """What waits for a person, in words; empty when nothing does."""
        counted = ((len(self.waiting), "keyframe"), (self.references_waiting, "reference"))
        said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted if count]
        return f"{' and '.join(said)} to review" if said else ""

    @property
    def at_rest(self) -> bool:
        """Whether nothing moves until a person says something, if anything is left to move at all."""
        still = ENDS | WAITS_FOR_PEOPLE
        return len(self.frames) >= self.expected and all(frame.status in still for frame in self.frames)

    def summary(self) -> dict[str, Any]:
        """For programs."""
        return {
            "project_id": self.project_id,
            "title": self.title,
            "frames": self.expected,
            "ready": self.ready,
            "failed": len(self.bad),
            "counts": self.counts,
            "finished": self.finished,
            "waiting_for_people": len(self.waiting),
            "references_waiting_for_people": self.references_waiting,
            "seconds": round(self.seconds, 3),
            "cost_usd": self.cost_usd,
            "failures": [
                {"shot_id": frame.shot_id, "frame_role": frame.role, "status": frame.status, "reason": frame.reason}
                for frame in self.bad
            ],
        }


def frame_name(run: Mapping[str, Any]) -> str:
    """What people call a frame: its shot's code, with the role where a shot has two."""
    code, role = str(run.get("code") or run.get("shot_id") or ""), run.get("frame_role") or "single"
    return code if role == "single" else f"{code} {role}"


def film_progress(answer: Answer, *, title: str = "", expected: int = 0) -> FilmProgress:
    """A film's progress from the gateway's answer on it; `expected` is what was published, 0 when that isn't known."""
    runs: Sequence[Answer] = answer.get("runs") or []
    made: Answer = answer.get("references") or {}
    frames = tuple(_frame(run) for run in runs)
    times = [run[name] for run in runs for name in ("first_at_ms", "last_at_ms") if run.get(name) is not None]
    return FilmProgress(
        project_id=str(answer.get("project_id", "")),
        title=title or str(answer.get("project_id", "")),
        expected=max(expected, len(frames)),
        frames=frames,
        seconds=(max(times) - min(times)) / 1000 if times else 0.0,
        cost_usd=sum(int(run.get("cost_usd_micros") or 0) for run in runs) / _MICROS,
        references_waiting=sum(run.get("status") in WAITS_FOR_PEOPLE for run in made.get("runs") or ()),
    )


def _frame(run: Answer) -> Frame:
    return Frame(
        shot_id=str(run.get("shot_id") or ""),
        code=str(run.get("code") or run.get("shot_id") or ""),
        scene_id=str(run.get("scene_id") or ""),
        role=str(run.get("frame_role") or "single"),
        status=str(run.get("status") or "planned"),
        reason=str(run.get("reason") or ""),
    )


def scenes(frames: Iterable[Frame]) -> dict[str, list[Frame]]:
    """Frames by scene, in the order in which they come."""
    found: dict[str, list[Frame]] = {}
    for frame in frames:
        found.setdefault(frame.scene_id, []).append(frame)
    return found
