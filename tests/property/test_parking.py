"""Whatever races, a question is answered once and every wait ends."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import cycle

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Event
from services.chassis.parked import State
from services.chassis.parking import Parking, Question, Settled, Verdict, Waiting
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.toy_events import TOY_WIRE, Asked, answer

LIMIT_S = 10.0
KEYS = ("sun", "rain", "snow")


class Shuffled(FakeDocuments):
    """Every operation takes a drawn number of turns of the loop: all interleavings can happen."""

    def __init__(self, turns: list[int]) -> None:
        super().__init__()
        self._turns: Iterator[int] = cycle(turns or [0])

    async def turn(self) -> None:
        for _ in range(next(self._turns)):
            await asyncio.sleep(0)
        await super().turn()


class Actors:
    """Askers, arrivals and sweepers on one collection; `published` holds the ids of what they would publish."""

    def __init__(self, documents: FakeDocuments, clock: FakeClock | None = None) -> None:
        self.documents = documents
        self.known = documents.collection("known")
        self.clock = clock or FakeClock()
        self.published: Counter[str] = Counter()
        self.parkings = [self._parking() for _ in range(2)]

    def _parking(self) -> Parking:
        return Parking(self.documents.collection("q"), self._judge, self.clock, registry=TOY_WIRE.registry)

    async def _judge(self, question: Event, over: frozenset[str], /) -> Verdict:
        assert isinstance(question, Asked)
        missing = {key for key in question.note.split() if await self.known.get(key) is None}
        if missing and not missing & over:
            return Waiting(dict.fromkeys(missing, LIMIT_S))
        outcome = "late" if missing else "in time"
        return Settled((answer(question).model_copy(update={"note": outcome}),))

    def publish(self, events: tuple[Event, ...]) -> None:
        self.published.update(event.model_dump_json() for event in events)

    async def act(self, index: int, action: tuple[str, ...]) -> None:
        parking = self.parkings[index % 2]
        if action[0] == "ask":
            asked = Asked(name=action[1], number=1, note=" ".join(action[2:]))
            self.publish(await parking.ask(Question(asked.name, asked, group=asked.name)))
        elif action[0] == "arrive":
            await self.known.put({"_id": action[1]})
            self.publish(await parking.release_for([action[1]], cause=f"{action[1]} {index}"))
        else:
            self.clock.advance(LIMIT_S / 2)
            for swept in await parking.expired():
                self.publish(tuple(swept.events))
                await swept.confirm()


asks = st.lists(st.sets(st.sampled_from(KEYS)), min_size=1, max_size=5).map(
    lambda notes: [("ask", f"n{index}", *sorted(note)) for index, note in enumerate(notes)]
)
others = st.lists(st.sampled_from([("sweep",), *(("arrive", key) for key in KEYS)]), max_size=10)
schedules = st.builds(lambda first, second: first + second, asks, others).flatmap(st.permutations)


@given(schedule=schedules, turns=st.lists(st.integers(0, 4), max_size=12))
def test_each_question_is_answered_exactly_once_under_any_interleaving(
    schedule: list[tuple[str, ...]], turns: list[int]
) -> None:
    async def scene() -> None:
        actors = Actors(Shuffled(turns))
        await asyncio.gather(*(actors.act(index, action) for index, action in enumerate(schedule)))
        for index in range(4):
            await actors.act(index, ("sweep",))
        names = {action[1] for action in schedule if action[0] == "ask"}
        records = actors.documents.collection("q").docs
        assert {record["state"] for record in records.values()} == {State.SETTLED.value}
        assert Counter(Asked.model_validate_json(text).name for text in actors.published) == Counter(names)
        assert set(actors.published.values()) == {1}

    asyncio.run(scene())


@given(schedule=schedules, turns=st.lists(st.integers(0, 4), max_size=12), dies=st.integers(0, 60))
def test_repeating_every_message_after_a_crash_publishes_every_answer_and_no_other(
    schedule: list[tuple[str, ...]], turns: list[int], dies: int
) -> None:
    async def scene() -> None:
        documents = Dying(turns, dies)
        before = Actors(documents)
        await asyncio.gather(
            *(before.act(index, action) for index, action in enumerate(schedule)), return_exceptions=True
        )
        documents.left = None
        after = Actors(documents, before.clock)
        for index, action in enumerate(schedule):
            await after.act(index, action)
        for index in range(4):
            after.clock.advance(60)
            await after.act(index, ("sweep",))
        stored = documents.collection("q").docs.values()
        answers = {(doc["answer"][0]["body"]["name"], doc["answer"][0]["body"]["note"]) for doc in stored}
        heard = {
            (found.name, found.note) for found in map(Asked.model_validate_json, before.published + after.published)
        }
        assert heard == answers

    asyncio.run(scene())


class Dying(Shuffled):
    """The process dies at the drawn operation: every later one fails until `left` is None."""

    def __init__(self, turns: list[int], dies: int) -> None:
        super().__init__(turns)
        self.left: int | None = dies

    async def turn(self) -> None:
        await super().turn()
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise ConnectionError("dead")
