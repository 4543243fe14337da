import asyncio
import contextlib

import pytest

from services.chassis.health import Check, Health
from services.local_stack.errors import DiskFullError, ServerFailedError
from services.local_stack.events import EventKind, StackEvent
from services.local_stack.watches import ServicesWatch, watch_space

WELL = Health(live=True, ready=True)
DEAD = Health(live=False, ready=False, checks={"consumer": Check(ok=False, detail="the consume loop has ended")})
HALTED = Health(live=True, ready=False, checks={"halted": Check(ok=False, detail="a newer schema version")})

LOOKS = 30


class Patient:
    """A service whose health is a script; starting it moves on to the next word."""

    name = "orchestrator"

    def __init__(self, *course: Health, cannot_start: bool = False) -> None:
        self.course = list(course)
        self.cannot_start = cannot_start
        self.calls: list[str] = []
        self.looks = 0

    def health(self) -> Health:
        self.looks += 1
        return self.course[0]

    async def start(self) -> None:
        self.calls.append("start")
        if self.cannot_start:
            raise OSError("no database")
        if len(self.course) > 1:
            self.course.pop(0)

    async def stop(self) -> None:
        self.calls.append("stop")


async def watched(patient: Patient) -> list[StackEvent]:
    """What is told until it was looked at often enough; raises what the watch raises."""
    events: list[StackEvent] = []
    watch = asyncio.create_task(ServicesWatch([patient], events.append, every_s=0.001).run())
    while patient.looks < LOOKS and not watch.done():  # noqa: ASYNC110 - a health check rings no bell
        await asyncio.sleep(0.001)
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    return events


async def test_a_service_that_is_well_is_left_alone() -> None:
    patient = Patient(WELL)
    assert await watched(patient) == []
    assert patient.calls == []


async def test_a_service_that_stopped_working_is_started_again_and_told_of() -> None:
    patient = Patient(DEAD, WELL)
    events = await watched(patient)
    assert patient.calls == ["stop", "start"]
    assert [(event.kind, event.part) for event in events] == [
        (EventKind.ENDED, "orchestrator"),
        (EventKind.READY, "orchestrator"),
    ]
    assert "the consume loop has ended" in events[0].text


async def test_a_service_that_stops_working_again_and_again_ends_the_stack() -> None:
    patient = Patient(DEAD)
    with pytest.raises(ServerFailedError, match=r"orchestrator stopped working too often .*consume loop has ended"):
        await watched(patient)
    assert patient.calls == ["stop", "start"] * 3


async def test_a_service_that_cannot_be_started_again_ends_the_stack() -> None:
    with pytest.raises(ServerFailedError, match="can't be started again: no database"):
        await watched(Patient(DEAD, cannot_start=True))


async def test_a_halt_is_told_once_and_not_mended_by_a_restart() -> None:
    patient = Patient(HALTED)
    events = await watched(patient)
    assert [event.text for event in events] == ["takes no more messages: a newer schema version"]
    assert patient.calls == []


async def test_a_full_disk_and_the_room_after_it_are_told_once_each() -> None:
    course = iter([False, True, True, False, False])
    events: list[StackEvent] = []

    def check() -> None:
        if next(course):
            raise DiskFullError("only 3 MiB are free", "free some")

    with pytest.raises(RuntimeError, match="StopIteration"):
        await watch_space(check, events.append, every_s=0)
    assert [event.kind for event in events] == [EventKind.WARNING, EventKind.READY]
    assert "only 3 MiB are free; free some" in events[0].text
