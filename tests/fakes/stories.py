"""A film that takes every turn of the engine, played message by message: where cases for killing come from.

Each message, sweep and start becomes a case: the world before it, what a life does, and the world after a life that
nobody killed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from schemas import topics
from schemas.base import Event
from schemas.events import REGISTRY
from schemas.project import ApprovalPolicy, ReferencePolicy
from schemas.provider import ProviderCallbackReceived, ProviderHealthChanged, ProviderState
from schemas.review import Decision, ReviewDecided, ReviewRequested
from schemas.vocabulary import FramePlan
from services.chassis.bindings import OnBatch
from tests.fakes.conditioning import character, defined, location, planned, project, prop
from tests.fakes.crashing import Fuse
from tests.fakes.durable import World
from tests.fakes.lives import ENGINE, Consume, Kind, Start, Trigger, Turn, build, live
from tests.fakes.outcomes import Outcome, outcome

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "contracts" / "examples"
#: Sweeps that keep and publish nothing: a gauge is set, a vendor is told that nobody wants his jobs any more.
TRACELESS: Final = frozenset({"call off superseded jobs", "count runs at rest"})
#: It needs a store that carries out a write after its writer's death: tests/unit/generation/test_late_images.py.
ELSEWHERE: Final = frozenset({"find images that reached the store late"})
#: Topics, and messages of each, that a projection gets together.
_TOGETHER: Final = 2
#: Their deadlines are near enough for a second life to pass one that the first did not reach.
_WITH_DEADLINES: Final = ("character_conditioning", "location_conditioning")
_FOR_EVER_S: Final = 100_000.0


@dataclass(frozen=True)
class Case:
    """One thing that a service does, and the moment at which it does it.

    Attributes:
        kind: the service.
        source: the topic, the sweep or "start".
        trigger: what a life does.
        before: the world; copy it.
        after: the world when nobody dies.
        steps: durable steps of that life, in order.
    """

    kind: Kind
    source: str
    trigger: Trigger
    before: World
    after: World
    steps: tuple[str, ...]

    @property
    def sources(self) -> frozenset[str]:
        """The topics, or the sweep or start, that it shows."""
        return frozenset(self.trigger.ends if isinstance(self.trigger, Consume) else (self.source,))

    @property
    def effective(self) -> bool:
        """Whether anything but an offset changed, beyond what any start changes."""
        before = self.before.copy()
        if isinstance(self.trigger, Turn):
            live(self.kind, before, Start())
        return _traces(before) != _traces(self.after)

    @cached_property
    def wanted(self) -> Outcome:
        """What a life that nobody killed brings about."""
        return outcome(self.before, self.after, claims=bool(self.kind.lease_s))

    def __str__(self) -> str:
        return f"{self.kind} {self.source} ({len(self.steps)} steps)"


def _traces(world: World) -> tuple[object, ...]:
    counts = {topic: len(records) for topic, records in world.log.items() if records}
    return world.documents.content(), world.objects.objects, counts


@cache
def sources(kind: Kind) -> tuple[str, ...]:
    """All that sets a service in motion: topics, sweeps, and starting where it announces something."""
    app = build(kind, World(), Fuse())
    bound = [topic for binding in app.bindings for topic in binding.topics]
    return (*bound, *(sweep.name for sweep in app.sweeps), *(("start",) if app._announce is not None else ()))


@cache
def group_of(kind: Kind) -> str:
    """The consumer group of a service."""
    return build(kind, World(), Fuse()).group


@cache
def _projects(kind: Kind) -> bool:
    return any(isinstance(binding, OnBatch) for binding in build(kind, World(), Fuse()).bindings)


def case_of(kind: Kind, source: str, trigger: Trigger, world: World) -> Case:
    """Do it in `world`, and remember how."""
    before, fuse = world.copy(), Fuse()
    assert live(kind, world, trigger, fuse)
    return Case(kind, source, trigger, before, world.copy(), tuple(fuse.steps))


class Player:
    """Plays an engine on a world, one message of one service at a time, and collects the cases."""

    def __init__(self, world: World, engine: Sequence[Kind] = ENGINE) -> None:
        self.world = world
        self.cases: list[Case] = []
        self._engine = engine

    def play(self, *, without: Collection[str] = ()) -> None:
        """Until nobody has anything to do; services named by `without` stand still."""
        busy = True
        while busy:
            busy = False
            for kind in self._engine:
                if kind.service not in without:
                    busy = self._feed(kind) or busy

    def sweep(self, *, without: Collection[str] = ()) -> None:
        """One turn of every sweep, and every start; services named by `without` stand still."""
        for kind in self._engine:
            if kind.service in without:
                continue
            for source in sources(kind):
                if source == "start":
                    self._do(kind, source, Start())
                elif source not in topics_of(kind):
                    self._do(kind, source, Turn(source))

    def events(self, topic: str) -> list[Event]:
        """What is on a topic."""
        event_type = topics.event_type_of(topic)
        return [REGISTRY.decode(event_type, 1, record.value) for record in self.world.log[topic]]

    def _feed(self, kind: Kind) -> bool:
        busy = [topic for topic in topics_of(kind) if self.world.waiting(group_of(kind), topic)]
        if busy:
            together = _TOGETHER if _projects(kind) else 1
            taken = busy[:_TOGETHER] if _projects(kind) else busy[:1]
            waiting = {topic: self.world.waiting(group_of(kind), topic)[:together] for topic in taken}
            self._do(kind, busy[0], Consume({topic: records[-1].offset + 1 for topic, records in waiting.items()}))
        return bool(busy)

    def _do(self, kind: Kind, source: str, trigger: Trigger) -> None:
        self.cases.append(case_of(kind, source, trigger, self.world))


@cache
def topics_of(kind: Kind) -> tuple[str, ...]:
    """The topics among what sets a service in motion."""
    app = build(kind, World(), Fuse())
    return tuple(topic for binding in app.bindings for topic in binding.topics)


def film(player: Player) -> None:
    """Parking, refusals, references, a pair of frames, continuity, retakes, reviews, supersession, sweeps."""
    world = player.world
    small = project(width=192, height=108)
    manual = project(width=192, height=108, approval=ApprovalPolicy.MANUAL)
    # Black and white: the stand-in pictures have any colours, which the check against a plate would refuse.
    first = project(width=192, height=108, style="noir", references=ReferencePolicy.FIRST)
    plan: Callable[..., Event] = planned
    world.publish(
        plan("full", settings=small, cast=["radha"], location_id="grove", props=["flute"]),
        plan("pair", settings=small, frames=FramePlan.START_END, continuity_from="full"),
        plan("refused-1", settings=small),
        plan("after-refused", settings=small, continuity_from="refused-1"),
        plan("blank-1", settings=small),
        plan("stranger", settings=small, cast=["nobody"]),
        plan("after-stranger", settings=small, continuity_from="stranger"),
        plan("nowhere", settings=small, location_id="nowhere"),
        plan("reviewed", settings=manual),
        plan("declined", settings=manual),
        plan("drawn", settings=first, cast=["radha"], location_id="grove"),
        # Their sheet and plate are refused, as everything is whose name begins so.
        plan("undrawn", settings=first, cast=["refused-muse"], location_id="refused-hall"),
        plan("changed", settings=small),
        plan("changed", settings=small, description="Another content under the same revision."),
    )
    player.play(without={"generation", "gateway"})
    world.publish(plan("changed", settings=small, revision=2, description="Second thoughts."))
    world.publish(defined(character("radha")), defined(location("grove")), defined(prop("flute")))
    world.publish(defined(character("refused-muse")), defined(location("refused-hall")))
    world.publish(defined(character("radha", description="Another content under the same version.")))
    player.play(without={"gateway"})
    for shot_id, decision in (
        ("declined", Decision.REJECT),
        ("reviewed", Decision.REROLL),
        ("reviewed", Decision.APPROVE),
    ):
        world.publish(_decided(_newest_review(player, shot_id), decision))
        player.play(without={"gateway"})
    world.publish(ProviderCallbackReceived(provider="previz", vendor_job_id="job-1", body={}))
    for number, then in enumerate((ProviderState.UP, ProviderState.DOWN)):
        world.publish(_word(world, ProviderState.DOWN, 2 * number), plan(f"resting-{number}", settings=small))
        player.play(without={"gateway"})
        world.publish(_word(world, then, 2 * number + 1))
        player.play(without={"gateway"})
        # The first run is asked for when its provider is back; the second one waits in vain.
        world.clock.advance(_FOR_EVER_S * number)
        player.sweep(without=() if number else _WITH_DEADLINES)
        player.play(without={"gateway"})
    player.play()


def _word(world: World, state: ProviderState, number: int) -> ProviderHealthChanged:
    """News of the provider, newer than those of a lower number at the same moment and than his workers' own."""
    sequence = int(world.clock.now().timestamp() * 1000) + 1 + number
    return ProviderHealthChanged(provider="previz", state=state, reason="away", models=("previz",), sequence=sequence)


def _newest_review(player: Player, shot_id: str) -> ReviewRequested:
    asked = [event for event in player.events(topics.REVIEW_REQUESTED) if isinstance(event, ReviewRequested)]
    return [event for event in asked if event.run.shot.shot_id == shot_id][-1]


def _decided(asked: ReviewRequested, decision: Decision) -> ReviewDecided:
    return ReviewDecided(
        review_id=f"{asked.generation_id}-{decision.value}",
        project_id=asked.run.project.project_id,
        shot_id=asked.run.shot.shot_id,
        run_id=asked.run.run_id,
        generation_id=asked.generation_id,
        decision=decision,
        note="Warmer light, please.",
    )


@cache
def film_cases() -> tuple[Case, ...]:
    """The cases of the film."""
    player = Player(World())
    film(player)
    return tuple(player.cases)


@cache
def examples(topic: str) -> tuple[Event, ...]:
    """The golden examples of a topic's event."""
    event_type = topics.event_type_of(topic)
    folder = event_type.removeprefix("film.")
    cls = REGISTRY.event(event_type)
    paths = sorted((EXAMPLES / folder / f"v{cls.VERSION}").glob("*.json"))
    found = [REGISTRY.decode(event_type, cls.VERSION, path.read_bytes()) for path in paths]
    # Lanes share one event: each example goes on its own lane's topic only.
    return tuple(event for event in found if _goes_on(event, topic))


def _goes_on(event: Event, topic: str) -> bool:
    world = World()
    world.publish(event)
    return topic in world.log or not topic.startswith("generation.requested.")


@cache
def cases(kind: Kind) -> tuple[Case, ...]:
    """What a service does in the film, and about every golden example alone in an empty world.

    Of cases that take the same steps for the same source, the first is kept.
    """
    found = [case if case.kind == kind else _moved(case, kind) for case in film_cases() if _serves(case, kind)]
    for topic in topics_of(kind):
        for event in examples(topic):
            world = World()
            world.publish(event)
            found.append(case_of(kind, topic, Consume({topic: 1}), world))
    return tuple({_likeness(case): case for case in reversed(found)}.values())


def _likeness(case: Case) -> tuple[object, ...]:
    """A projection does the same for every event, once per document: there the kinds of steps tell cases apart."""
    steps = frozenset(case.steps) if _projects(case.kind) else case.steps
    return case.source, steps, case.effective


def _serves(case: Case, kind: Kind) -> bool:
    return case.kind.service == kind.service


def _moved(case: Case, kind: Kind) -> Case:
    """The same moment for another deployment of the same service."""
    return case_of(kind, case.source, case.trigger, case.before.copy())
