"""Promises of the quick stage, on a real broker."""

import pytest

from services.chassis.app import On
from tests.fakes.toy_events import ANSWERED, ASKED, Answered, Asked, answer
from tests.integration.chassis.conftest import World, eventually

pytestmark = pytest.mark.integration


async def test_every_event_is_answered_and_committed(world: World) -> None:
    async def handle(asked: Asked) -> list[Answered]:
        return [answer(asked)]

    await world.start([On(ASKED, handle, emits=(Answered,))])
    await world.send(*(Asked(name=f"n{number % 7}", number=number) for number in range(50)))

    answers = await world.read(ANSWERED, 50)

    assert len(answers) == 50
    await eventually(world.total_committed)
    assert await world.total_committed() == 50
