"""Two small events and their wire: what the chassis' own tests send, without a film word."""

from typing import ClassVar

from schemas.base import Event
from schemas.registry import Registry
from services.chassis.wire import Wire

ASKED = "toy.asked.v1"
OTHER = "toy.other.v1"
ANSWERED = "toy.answered.v1"


class Asked(Event):
    """A question, the `number`-th of its `name`."""

    TYPE: ClassVar[str] = "toy.asked"
    VERSION: ClassVar[int] = 2

    name: str
    number: int
    note: str = ""

    def identity(self) -> tuple[str, ...]:
        return (self.name, str(self.number))

    def partition_key(self) -> str:
        return self.name


class Answered(Event):
    """The answer to `Asked`."""

    TYPE: ClassVar[str] = "toy.answered"

    name: str
    number: int
    note: str = ""

    def identity(self) -> tuple[str, ...]:
        return (self.name, str(self.number))

    def partition_key(self) -> str:
        return self.name


TOPICS = {ASKED: Asked.TYPE, OTHER: Asked.TYPE, ANSWERED: Answered.TYPE}


def _topic_of(event: Event) -> str:
    return ASKED if isinstance(event, Asked) else ANSWERED


# Version 1 called the name `who`.
TOY_WIRE = Wire(
    registry=Registry(
        (Asked, Answered),
        {("toy.asked", 1): lambda body: {**{k: v for k, v in body.items() if k != "who"}, "name": body["who"]}},
    ),
    topic_of=_topic_of,
    event_type_of=TOPICS.__getitem__,
)


def answer(asked: Asked) -> Answered:
    """The answer to a question."""
    return Answered(name=asked.name, number=asked.number, note=asked.note)
