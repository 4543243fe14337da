from collections.abc import Sequence

import pytest

from schemas.base import Event
from services.chassis.parking import EndlessWaitError, Parking, Question, Settled, Verdict, Waiting
from tests.fakes.clock import FakeClock
from tests.fakes.documents import FakeDocuments
from tests.fakes.toy_events import TOY_WIRE, Answered, Asked, answer

LIMIT_S = 60.0


class World:
    """A parking whose questions wait until every word of their note is known; late ones are answered `late`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.records = FakeDocuments().collection("questions")
        self.known: set[str] = set()
        self.judged = 0
        self.arrives_while_judging: str | None = None
        self.parking = self.restarted()

    def restarted(self, warm_up_s: float = 0.0) -> Parking:
        self.parking = Parking(self.records, self.judge, self.clock, warm_up_s=warm_up_s, registry=TOY_WIRE.registry)
        return self.parking

    async def judge(self, question: Event, over: frozenset[str], /) -> Verdict:
        assert isinstance(question, Asked)
        self.judged += 1
        missing = set(question.note.split()) - self.known
        if self.arrives_while_judging is not None:
            self.known.add(self.arrives_while_judging)
            self.arrives_while_judging = None
        if missing & over:
            return Settled((answer(question).model_copy(update={"note": "late"}),))
        if missing:
            return Waiting(dict.fromkeys(missing, LIMIT_S))
        return Settled((answer(question),))

    async def arrive(self, key: str, cause: str | None = None) -> Sequence[Event]:
        self.known.add(key)
        return await self.parking.release_for([key], cause=cause or f"arrival of {key}")


def question(note: str, number: int = 1, name: str = "a") -> Question:
    return Question(f"{name}/{number}", Asked(name=name, number=number, note=note), group=name, order=number)


def answered(note: str, number: int = 1, name: str = "a") -> Answered:
    return Answered(name=name, number=number, note=note)


async def test_a_question_that_waits_for_nothing_is_answered_at_once() -> None:
    assert await World().parking.ask(question("")) == (answered(""),)


async def test_a_repeat_gets_the_stored_answer_and_is_not_judged_again() -> None:
    world = World()
    await world.parking.ask(question(""))
    judged = world.judged
    assert await world.parking.ask(question("")) == (answered(""),)
    assert world.judged == judged


async def test_a_caller_that_takes_a_repeat_for_new_gets_the_stored_answer_too() -> None:
    world = World()
    await world.parking.ask(question("sun"), is_new=True)
    assert await world.parking.ask(question("sun"), is_new=True) == ()
    assert await world.arrive("sun") == (answered("sun"),)
    assert await world.parking.ask(question("sun"), is_new=True) == (answered("sun"),)


async def test_a_question_waits_until_the_last_of_its_keys_has_arrived() -> None:
    world = World()
    assert await world.parking.ask(question("sun rain")) == ()
    assert await world.arrive("rain") == ()
    assert await world.arrive("sun") == (answered("sun rain"),)


async def test_what_arrives_between_judging_and_parking_is_not_missed() -> None:
    world = World()
    world.arrives_while_judging = "sun"
    assert await world.parking.ask(question("sun")) == (answered("sun"),)


async def test_a_second_arrival_releases_nothing() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    await world.arrive("sun", cause="first")
    assert await world.arrive("sun", cause="second") == ()


async def test_a_crash_between_saving_and_publishing_a_release_is_healed_by_its_cause() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    released = await world.arrive("sun", cause="message 7")
    world.restarted()
    assert await world.arrive("sun", cause="message 7") == released == (answered("sun"),)


async def test_releases_come_in_the_order_in_which_was_asked() -> None:
    world = World()
    for number in range(1, 41):
        await world.parking.ask(question("sun", name=f"n{number:02}"))
        world.clock.advance(0.001)
    assert await world.arrive("sun") == tuple(answered("sun", name=f"n{number:02}") for number in range(1, 41))


async def test_the_waiting_survive_a_restart() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    world.restarted()
    assert await world.arrive("sun") == (answered("sun"),)


async def test_a_wait_ends_at_its_limit_counted_from_the_first_asking() -> None:
    world = World()
    await world.parking.ask(question("sun rain"))
    world.clock.advance(LIMIT_S - 1)
    await world.arrive("rain")
    await world.parking.ask(question("sun rain"))
    assert await world.parking.expired() == []
    world.clock.advance(1)
    (swept,) = await world.parking.expired()
    assert swept.events == (answered("late"),)


async def test_a_key_that_is_over_stays_over_while_others_are_waited_for() -> None:
    world = World()

    async def judge(question: Event, over: frozenset[str], /) -> Verdict:
        assert isinstance(question, Asked)
        missing = {"sun": LIMIT_S, "rain": LIMIT_S * 2}
        waits = {key: limit for key, limit in missing.items() if key not in world.known and key not in over}
        return Waiting(waits) if waits else Settled((answer(question).model_copy(update={"note": " ".join(over)}),))

    parking = Parking(world.records, judge, world.clock, registry=TOY_WIRE.registry)
    await parking.ask(question("sun rain"))
    world.clock.advance(LIMIT_S)
    assert await parking.expired() == []
    world.known.add("rain")
    assert await parking.release_for(["rain"], cause="rain") == (answered("sun"),)


async def test_a_swept_answer_is_announced_again_until_it_is_confirmed() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    world.clock.advance(LIMIT_S)
    (first,) = await world.parking.expired()
    (again,) = await world.restarted().expired()
    assert again.events == first.events
    await again.confirm()
    await first.confirm()
    assert await world.parking.expired() == []


async def test_after_a_sweep_an_arrival_changes_nothing() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    world.clock.advance(LIMIT_S)
    await world.parking.expired()
    assert await world.arrive("sun") == ()
    assert await world.parking.ask(question("sun")) == (answered("late"),)


async def test_an_arrival_after_the_limit_but_before_the_sweep_still_counts() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    world.clock.advance(LIMIT_S * 2)
    assert await world.arrive("sun") == (answered("sun"),)


async def test_nothing_expires_while_the_backlog_of_a_restart_is_read() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    world.clock.advance(LIMIT_S * 2)
    parking = world.restarted(warm_up_s=15)
    assert await parking.expired() == []
    world.clock.advance(15)
    assert len(await parking.expired()) == 1


async def test_an_answer_that_was_swept_while_the_clock_was_ahead_is_announced_once_it_is_right_again() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    world.clock.jump(600)
    (first,) = await world.parking.expired()
    # The process dies before it can publish.
    world.clock.jump(-600)
    (again,) = await world.restarted().expired()
    assert again.events == first.events == (answered("late"),)


async def test_a_wait_that_began_while_the_clock_was_ahead_ends_in_time_once_it_is_right_again() -> None:
    world = World()
    world.clock.jump(600)
    await world.parking.ask(question("sun"))
    world.clock.jump(-600)
    assert await world.parking.expired() == []
    world.clock.advance(LIMIT_S)
    assert [swept.events for swept in await world.parking.expired()] == [(answered("late"),)]


async def test_nothing_expires_while_the_clock_has_just_jumped() -> None:
    world = World()
    parking = world.restarted(warm_up_s=15)
    await parking.ask(question("sun"))
    await parking.expired()
    world.clock.advance(15)
    assert await parking.expired() == []
    world.clock.jump(600)
    world.clock.advance(5)
    assert await parking.expired() == []
    world.clock.jump(-600)
    world.clock.advance(5)
    assert await parking.expired() == []
    world.clock.advance(15)
    assert await parking.expired() == []
    assert await world.arrive("sun") == (answered("sun"),)


async def test_a_clock_that_stays_ahead_holds_up_the_sweeps_for_the_warm_up_only() -> None:
    world = World()
    parking = world.restarted(warm_up_s=15)
    await parking.ask(question("sun"))
    await parking.expired()
    world.clock.advance(20)
    world.clock.jump(600)
    assert await parking.expired() == []
    world.clock.advance(15)
    assert [swept.events for swept in await parking.expired()] == [(answered("late"),)]


async def test_a_newer_question_drops_the_older_that_waits() -> None:
    world = World()
    await world.parking.ask(question("sun"))
    await world.parking.ask(question("sun", number=2))
    assert await world.arrive("sun") == (answered("sun", number=2),)
    assert await world.parking.ask(question("sun")) == ()


async def test_an_older_question_does_not_wait_behind_a_newer_one() -> None:
    world = World()
    await world.parking.ask(question("", number=2))
    assert await world.parking.ask(question("sun")) == ()
    assert await world.arrive("sun") == ()


async def test_a_newer_question_leaves_other_groups_and_answers_alone() -> None:
    world = World()
    await world.parking.ask(question(""))
    await world.parking.ask(question("sun", name="b"))
    await world.parking.ask(question("", number=2))
    assert await world.parking.ask(question("")) == (answered(""),)
    assert await world.arrive("sun") == (answered("sun", name="b"),)


async def test_one_that_can_not_be_judged_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    await world.parking.ask(question("sun", name="bad"))
    await world.parking.ask(question("sun", name="good"))
    world.records.docs["bad/1"]["question"][0]["body"] = {"name": 3}
    world.clock.advance(LIMIT_S)
    (swept,) = await world.parking.expired()
    assert swept.events == (answered("late", name="good"),)
    assert "can't be judged" in caplog.text


async def test_a_judge_that_waits_for_nothing_is_a_bug() -> None:
    async def judge(_question: Event, _over: frozenset[str], /) -> Verdict:
        return Waiting({})

    world = World()
    with pytest.raises(EndlessWaitError, match="a/1"):
        await Parking(world.records, judge, world.clock, registry=TOY_WIRE.registry).ask(question("sun"))


async def test_a_judge_that_waits_on_for_a_key_that_is_over_is_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    async def judge(_question: Event, _over: frozenset[str], /) -> Verdict:
        return Waiting({"sun": LIMIT_S})

    world = World()
    parking = Parking(world.records, judge, world.clock, registry=TOY_WIRE.registry)
    await parking.ask(question("sun"))
    world.clock.advance(LIMIT_S)
    assert await parking.expired() == []
    assert "EndlessWaitError" in caplog.text
