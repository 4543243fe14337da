"""Both versions of a small event, and services of either version.

As a process: `python -m tests.fakes.upgrade_process <producer or consumer> <version>`.

A producer makes an `Asked` of each `Told`; a consumer answers each `Asked`. Version 1 calls the name `who`; version 2
calls it `name` and says how `loud` it was asked.
"""

import sys
from typing import Any, ClassVar

from schemas.base import Event
from schemas.registry import Registry
from services.chassis.app import On, ServiceApp, main, make_app
from services.chassis.settings import ServiceSettings
from services.chassis.wire import Wire

TOLD = "toy.told.v1"
ASKED_1 = "toy.asked.v1"
ASKED_2 = "toy.asked.v2"
ANSWERED = "toy.answered.v1"
TOPICS = {TOLD: "toy.told", ASKED_1: "toy.asked", ASKED_2: "toy.asked", ANSWERED: "toy.answered"}
UNKNOWN = "?"


class _Numbered(Event):
    number: int

    def identity(self) -> tuple[str, ...]:
        return (str(self.number),)

    def partition_key(self) -> str:
        return f"n{self.number % 7}"


class Told(_Numbered):
    TYPE: ClassVar[str] = "toy.told"


class AskedV1(_Numbered):
    TYPE: ClassVar[str] = "toy.asked"

    who: str


class AskedV2(_Numbered):
    TYPE: ClassVar[str] = "toy.asked"
    VERSION: ClassVar[int] = 2

    name: str
    loud: str


class Answered(_Numbered):
    """`loud` is empty when a reader of version 1 answered, `UNKNOWN` when only the older form was there."""

    TYPE: ClassVar[str] = "toy.answered"

    name: str
    loud: str


def _up(body: dict[str, Any]) -> dict[str, Any]:
    return {"number": body["number"], "name": body["who"], "loud": UNKNOWN}


def _down(body: dict[str, Any]) -> dict[str, Any]:
    return {"number": body["number"], "who": body["name"]}


def wire(version: int) -> Wire:
    """What a release knows: version 1 nothing of version 2; version 2 both, and publishes both."""
    asked: type[Event] = AskedV1 if version == 1 else AskedV2
    registry = Registry(
        (Told, asked, Answered),
        {("toy.asked", 1): _up} if version > 1 else {},
        {("toy.asked", 2): _down} if version > 1 else {},
    )
    newest = {"toy.told": TOLD, "toy.asked": f"toy.asked.v{version}", "toy.answered": ANSWERED}
    return Wire(registry, lambda event: newest[event.TYPE], TOPICS.__getitem__)


async def ask_1(told: Told) -> list[AskedV1]:
    return [AskedV1(number=told.number, who=f"name {told.number}")]


async def ask_2(told: Told) -> list[AskedV2]:
    return [AskedV2(number=told.number, name=f"name {told.number}", loud="very")]


async def answer_1(asked: AskedV1) -> list[Answered]:
    return [Answered(number=asked.number, name=asked.who, loud="")]


async def answer_2(asked: AskedV2) -> list[Answered]:
    return [Answered(number=asked.number, name=asked.name, loud=asked.loud)]


def build(who: str, version: int) -> ServiceApp:
    """The producer or the consumer of a version."""
    asked: type[Event] = AskedV1 if version == 1 else AskedV2
    if who == "producer":
        subscriptions = [On(TOLD, ask_1 if version == 1 else ask_2, emits=(asked,))]
    elif version == 1:
        subscriptions = [On(ASKED_1, answer_1, emits=(Answered,))]
    else:
        subscriptions = [On(topic, answer_2, emits=(Answered,)) for topic in (ASKED_1, ASKED_2)]
    return make_app(ServiceSettings(), name=who, subscriptions=subscriptions, wire=wire(version))


if __name__ == "__main__":
    sys.exit(main(lambda: build(sys.argv[1], int(sys.argv[2]))))
