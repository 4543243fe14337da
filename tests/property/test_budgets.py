"""A project's book under every interleaving of reserving, saving and booking, with crashes and repeats between them.

Many processes work on a few runs of one project. Each reads a run, reserves, saves by compare-and-set and books, one
step at a time, and may die between any two. The runs as they are saved are the truth, as the ledger has it.
"""

from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import DataObject, booleans, data, integers, sampled_from

from schemas.project import Budget, Limit
from services.orchestrator.domain.funds import Book, Line, Scope, Spent, funds_left

RUNS = ("r0", "r1", "r2", "r3")
SCENES = {"r0": "s0", "r1": "s0", "r2": "s1", "r3": "s1"}
PROJECT, SCENE, SHOT = 1000, 700, 500
BUDGET = Budget(
    project=Limit(max_cost_usd_micros=PROJECT, max_attempts=12),
    scene=Limit(max_cost_usd_micros=SCENE),
    shot=Limit(max_cost_usd_micros=SHOT, max_attempts=5),
)


@dataclass(frozen=True)
class Saved:
    """A run's document: what its calls cost, or may cost while they are open."""

    version: int = 0
    costs: tuple[int, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class Step:
    """A process between two of its steps: what it has read, what it is about to save, how far it is."""

    run: str
    read: Saved
    next: Saved
    done: str


class Film(RuleBasedStateMachine):
    """One project."""

    @initialize()
    def open(self) -> None:
        self.book = Book(project_id="film")
        self.saved = dict.fromkeys(RUNS, Saved())
        self.steps: list[Step] = []

    @rule(run=sampled_from(RUNS), cost=sampled_from([0, 40, 170, 333]))
    def ask(self, run: str, cost: int) -> None:
        """A process decides on another call, within what it believes to be left."""
        read = self.saved[run]
        left = funds_left(self.book, BUDGET, run, scene_id=SCENES[run], shot_id=run)
        if read.open or left.refusal(Spent(len(read.costs), sum(read.costs)), cost) is not None:
            return
        after = Saved(read.version + 1, (*read.costs, cost), open=True)
        self.steps.append(Step(run, read, after, "decided"))

    @rule(run=sampled_from(RUNS), actual=integers(0, 333))
    def settle(self, run: str, actual: int) -> None:
        """A process hears what the open call cost: at most what was expected."""
        read = self.saved[run]
        if read.open:
            costs = (*read.costs[:-1], min(actual, read.costs[-1]))
            self.steps.append(Step(run, read, Saved(read.version + 1, costs), "reserved"))

    @precondition(lambda self: self.steps)
    @rule(draw=data(), dies=booleans())
    def go_on(self, draw: DataObject, dies: bool) -> None:
        """Any process takes its next step, or dies before it."""
        step = self.steps.pop(draw.draw(integers(0, len(self.steps) - 1)))
        if dies:
            return
        if step.done == "decided":
            reserved = self.book.reserved(step.run, line(step.run, step.next), BUDGET)
            if reserved is not None:
                self.book = reserved
                self.steps.append(replace(step, done="reserved"))
            return
        if step.done == "reserved":
            if self.saved[step.run] == step.read:
                self.saved[step.run] = step.next
                self.steps.append(replace(step, done="saved"))
            return
        self.book = self.book.booked(step.run, line(step.run, step.next))

    @rule(run=sampled_from(RUNS))
    def repeat(self, run: str) -> None:
        """A message that was handled before comes again: what is saved is booked."""
        if self.saved[run].version:
            self.book = self.book.booked(run, line(run, self.saved[run]))

    @invariant()
    def what_is_booked_and_reserved_never_passes_a_limit(self) -> None:
        if hasattr(self, "book"):
            assert self.book.used(Scope.PROJECT, "film").usd_micros <= PROJECT
            assert self.book.used(Scope.PROJECT, "film").calls <= 12
            for scene in set(SCENES.values()):
                assert self.book.used(Scope.SCENE, scene).usd_micros <= SCENE
            for run in RUNS:
                assert self.book.used(Scope.SHOT, run).usd_micros <= SHOT
                assert self.book.used(Scope.SHOT, run).calls <= 5

    @invariant()
    def no_call_that_was_decided_on_is_without_its_money(self) -> None:
        if hasattr(self, "book"):
            for run, saved in self.saved.items():
                known = self.book.lines.get(run)
                assert (known.usd_micros if known else 0) >= sum(saved.costs)
                assert (known.calls if known else 0) >= len(saved.costs)

    def teardown(self) -> None:
        """Once every message was handled to its end, the book is what the ledger says."""
        if not hasattr(self, "book"):
            return
        for run in RUNS:
            self.repeat(run)
            saved = self.saved[run]
            if saved.version and self.book.lines[run].stamp == saved.version:
                assert self.book.lines[run].usd_micros == sum(saved.costs)


def line(run: str, saved: Saved) -> Line:
    """What a process writes for a run."""
    return Line(
        scene_id=SCENES[run], shot_id=run, calls=len(saved.costs), usd_micros=sum(saved.costs), stamp=saved.version
    )


Film.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestFilm = Film.TestCase
