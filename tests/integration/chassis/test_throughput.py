"""What one message costs in the quick stage, in processor time, by the measure of this machine."""

import time

import pytest
from aiokafka import AIOKafkaConsumer

from services.chassis.app import On
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration

COUNT = 4_000
#: A neighbour on the processor's other thread doubles every figure for a while: the best round counts.
ROUNDS = 4
#: Times what it takes to read a question and to write its answer: about 20 on an idle machine, about 100 on one with
#: ten times the work that it can do.
MOST = 250


def of_reading_and_writing() -> float:
    """Seconds of processor time for the part of a message's way that nobody can save."""
    question = asked(0).model_dump_json().encode()
    began = time.process_time()
    for _ in range(COUNT):
        answer(Asked.model_validate_json(question)).model_dump_json()
    return (time.process_time() - began) / COUNT


def asked(number: int) -> Asked:
    return Asked(name=f"n{number % 500}", number=number, note="x" * 600)


async def test_a_pure_stage_spends_little_more_on_a_message_than_its_reading_and_writing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments: list[float] = []
    commits = 0
    original = AIOKafkaConsumer.commit

    async def counting(self: AIOKafkaConsumer, offsets: object = None) -> None:
        nonlocal commits
        commits += 1
        await original(self, offsets)

    async def handle(question: Asked) -> list[Answered]:
        moments.append(time.process_time())
        return [answer(question)]

    monkeypatch.setattr(AIOKafkaConsumer, "commit", counting)
    costs: list[float] = []
    while len(costs) < ROUNDS and not (costs and min(costs) < MOST):
        moments.clear()
        first = len(costs) * COUNT
        await world.send(*(asked(number) for number in range(first, first + COUNT)))
        app = await world.start([On(ASKED, handle, emits=(Answered,))])
        await eventually(lambda: len(moments) >= COUNT)
        await app.stop()
        costs.append((moments[-1] - moments[0]) / len(moments) / of_reading_and_writing())

    print(f"times the cost of reading and writing: {', '.join(f'{cost:.0f}' for cost in costs)}")  # noqa: T201
    assert min(costs) < MOST
    sent = len(costs) * COUNT
    await eventually(lambda: world.total_committed_is(sent))
    assert len(await world.read(ANSWERED, sent)) == sent
    assert 0 < commits < sent / 20, "messages are committed together"
