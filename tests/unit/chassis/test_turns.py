"""Who of the messages in hand goes next."""

import asyncio

from services.chassis.bindings import Concurrent, On
from services.chassis.turns import FAIR_EVERY, Turns
from tests.fakes.stages import Rig, record
from tests.fakes.toy_events import ASKED, Answered, Asked, answer


class Worker:
    """Takes turns, each held until it is let go, and notes who has got one."""

    def __init__(self, slots: int) -> None:
        self.turns = Turns(slots)
        self.got: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, *, urgent: bool = False) -> None:
        self.gates[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._hold(name, urgent=urgent))
        await asyncio.sleep(0)

    async def _hold(self, name: str, *, urgent: bool) -> None:
        async with self.turns.turn(urgent=urgent):
            self.got.append(name)
            await self.gates[name].wait()

    async def end(self, name: str) -> None:
        self.gates[name].set()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        await asyncio.sleep(0)

    async def end_all(self) -> None:
        for name in self.gates:
            await self.end(name)


async def test_an_urgent_one_goes_before_all_that_wait_but_not_before_what_runs() -> None:
    worker = Worker(2)
    for name in ("a", "b", "c", "d"):
        await worker.ask(name)
    await worker.ask("now", urgent=True)
    assert worker.got == ["a", "b"]
    await worker.end("a")
    assert worker.got == ["a", "b", "now"]
    await worker.end_all()
    assert worker.got == ["a", "b", "now", "c", "d"]


async def test_a_flood_of_urgent_ones_starves_nobody() -> None:
    worker = Worker(1)
    await worker.ask("runs")
    await worker.ask("ordinary")
    for number in range(2 * FAIR_EVERY):
        await worker.ask(f"urgent {number}", urgent=True)
    await worker.end("runs")
    for number in range(FAIR_EVERY - 1):
        await worker.end(f"urgent {number}")
    assert worker.got.index("ordinary") == FAIR_EVERY
    await worker.end("ordinary")
    await worker.end_all()
    assert len(worker.got) == 2 + 2 * FAIR_EVERY


async def test_a_turn_of_one_who_no_longer_waits_goes_to_the_next() -> None:
    worker = Worker(1)
    for name in ("runs", "gone", "next", "last"):
        await worker.ask(name)
    worker.tasks["gone"].cancel()
    await worker.end("runs")
    assert worker.got == ["runs", "next"]
    # Given and called off in the same moment.
    worker.gates["next"].set()
    await asyncio.sleep(0)
    worker.tasks["last"].cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    await worker.ask("new")
    assert worker.got == ["runs", "next", "new"]
    await worker.end_all()


def _urgent(asked: Asked) -> bool:
    return asked.note == "urgent"


async def test_the_urgent_messages_of_a_batch_are_handled_first_and_keys_keep_their_order() -> None:
    begun: list[int] = []

    async def handle(asked: Asked) -> list[Answered]:
        begun.append(asked.number)
        await asyncio.sleep(0)
        return [answer(asked)]

    rig = Rig([On(ASKED, handle, emits=(Answered,), urgent=_urgent)])
    batch = [record(number, f"k{number}", "answer") for number in range(40)]
    batch += [record(40, "k3", "urgent"), record(41, "now", "urgent")]
    await rig.stage.consume(batch)
    # Four slots: what runs is not interrupted. A revision of a key waits for the one before it.
    assert begun.index(41) <= 4
    assert begun.index(40) > begun.index(3)
    assert sorted(begun) == list(range(42))
    assert rig.consumer.last(0) == 42


async def test_a_slow_stage_that_looks_ahead_takes_the_urgent_message_first_and_no_more_at_once() -> None:
    begun: list[int] = []
    gate = asyncio.Event()

    async def handle(asked: Asked) -> list[Answered]:
        begun.append(asked.number)
        await gate.wait()
        return [answer(asked)]

    rig = Rig([On(ASKED, handle, emits=(Answered,), urgent=_urgent)])
    stage = rig.slow(Concurrent(slots=4, drain_s=1, ahead=16))
    rig.consumer.waiting = {
        partition: [record(number, f"k{number}", "urgent" if number == 12 else "answer", 0) for number in range(30)]
        for partition in rig.consumer.held
        if partition.partition == 0
    }
    running = asyncio.create_task(stage.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert begun == [0, 1, 2, 3]
    gate.set()
    for _ in range(200):
        await asyncio.sleep(0.001)
        if len(begun) == 30:
            break
    assert begun[4] == 12
    stage.interrupt()
    await running
    assert rig.consumer.last(0) == 30
