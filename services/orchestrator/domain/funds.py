"""Budgets of a project, its scenes and its shots: what is booked, what is left, and whether one more call fits.

A run's line in the book is its calls and its money so far, a call that is open or in doubt by its estimate. Lines are
assigned, never added up from changes, so that repeats and crashes change nothing. `stamp` is the version of the shot's
document that a line speaks of: an older word never replaces a newer one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from schemas.base import Model
from schemas.project import Budget, Limit


class Scope(StrEnum):
    """What a limit is for."""

    PROJECT = "project"
    SCENE = "scene"
    SHOT = "shot"


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls and money in millionths of a US dollar."""

    calls: int = 0
    usd_micros: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What a limit leaves to one run, its own calls not counted; None = not limited."""

    scope: Scope
    name: str
    usd_micros: int | None
    max_usd_micros: int | None
    calls: int | None
    max_calls: int | None

    def refusal(self, spent: Spent, cost_usd_micros: int) -> str | None:
        """Why a call of this cost doesn't fit after what the run has spent itself; None when it does."""
        whose = f"budget of {self.scope.value} {self.name}"
        if self.calls is not None and spent.calls + 1 > self.calls:
            return f"{whose}: all {self.max_calls} attempts are used"
        left = 0 if self.usd_micros is None else max(0, self.usd_micros - spent.usd_micros)
        if self.usd_micros is not None and cost_usd_micros > left:
            return f"{whose}: costs {usd(cost_usd_micros)}, {usd(left)} of {usd(self.max_usd_micros or 0)} is left"
        return None


@dataclass(frozen=True, slots=True)
class Funds:
    """What is left for one run, over all limits that it is under."""

    limits: tuple[Left, ...] = ()

    def refusal(self, spent: Spent, cost_usd_micros: int = 0) -> str | None:
        """The first limit that a call of this cost would break, in words; None when there is room."""
        return next((text for item in self.limits if (text := item.refusal(spent, cost_usd_micros)) is not None), None)


NO_LIMITS = Funds()


class Line(Model):
    """What one run has used and reserved."""

    scene_id: str
    shot_id: str
    calls: int
    usd_micros: int
    stamp: int
    saved: bool = False
    """Whether the shot's document says so; else it is reserved for a decision that is about to be saved."""


class Book(Model):
    """The book of one project; `version` counts the document's writes."""

    project_id: str
    version: int = 0
    lines: dict[str, Line] = Field(default_factory=dict)
    """By run id."""

    def used(self, scope: Scope, name: str, *, but: str = "") -> Spent:
        """What a project, scene or shot has used, one run (by id) left out."""
        lines = [line for run_id, line in self.lines.items() if run_id != but and _within(line, scope, name)]
        return Spent(sum(line.calls for line in lines), sum(line.usd_micros for line in lines))

    def booked(self, run_id: str, line: Line) -> "Book":
        """The book with a line that was saved, unless a newer one stands there (then the same book)."""
        known = self.lines.get(run_id)
        line = line.model_copy(update={"saved": True})
        if known is not None and (known.stamp > line.stamp or known == line):
            return self
        return self._with(run_id, line)

    def reserved(self, run_id: str, line: Line, budget: Budget) -> "Book | None":
        """The book with a line that is about to be saved, with one more call in it.

        None when a limit would be broken, or when the shot's document has moved on. Only what rises is judged, so that
        a call which cost more than was expected doesn't forbid the free ones. Of two lines reserved for the same
        version the higher figures stand until one of them is saved.
        """
        known = self.lines.get(run_id)
        if known is not None:
            if known.stamp > line.stamp or (known.stamp == line.stamp and known.saved):
                return None
            if known.stamp == line.stamp:
                calls, money = max(known.calls, line.calls), max(known.usd_micros, line.usd_micros)
                line = line.model_copy(update={"calls": calls, "usd_micros": money})
        if line == known:
            return self
        more_money = line.usd_micros > (known.usd_micros if known is not None else 0)
        more_calls = line.calls > (known.calls if known is not None else 0)
        for left in funds_left(self, budget, run_id, scene_id=line.scene_id, shot_id=line.shot_id).limits:
            if more_money and left.usd_micros is not None and left.usd_micros < line.usd_micros:
                return None
            if more_calls and left.calls is not None and left.calls < line.calls:
                return None
        return self._with(run_id, line)

    def _with(self, run_id: str, line: Line) -> "Book":
        return self.model_copy(update={"lines": {**self.lines, run_id: line}})


def has_limits(budget: Budget) -> bool:
    """Whether a project's budget limits more than each run by itself."""
    return any(limit is not None for limit in _limits(budget).values())


def funds_left(book: Book, budget: Budget, run_id: str, *, scene_id: str, shot_id: str) -> Funds:
    """What is left for a run of this scene and shot, its own line not counted."""
    names = {Scope.PROJECT: book.project_id, Scope.SCENE: scene_id, Scope.SHOT: shot_id}
    found = []
    for scope, limit in _limits(budget).items():
        if limit is None:
            continue
        used = book.used(scope, names[scope], but=run_id)
        found.append(
            Left(
                scope,
                names[scope],
                None if limit.max_cost_usd_micros is None else limit.max_cost_usd_micros - used.usd_micros,
                limit.max_cost_usd_micros,
                None if limit.max_attempts is None else limit.max_attempts - used.calls,
                limit.max_attempts,
            )
        )
    return Funds(tuple(found))


def opened(project_id: str, lines: Iterable[tuple[str, Line]]) -> Book:
    """A new book with what was used before it was kept."""
    return Book(project_id=project_id, lines=dict(lines))


def _limits(budget: Budget) -> Mapping[Scope, Limit | None]:
    return {Scope.PROJECT: budget.project, Scope.SCENE: budget.scene, Scope.SHOT: budget.shot}


def _within(line: Line, scope: Scope, name: str) -> bool:
    if scope is Scope.PROJECT:
        return True
    return name == (line.scene_id if scope is Scope.SCENE else line.shot_id)


def usd(micros: int) -> str:
    """Millionths of a US dollar for people, e.g. `0.053 USD`."""
    amount = f"{micros / 1_000_000:.6f}".rstrip("0").rstrip(".")
    return f"{amount} USD"
