import pytest

from schemas.registry import NewerVersionError
from services.chassis.stored_events import pack, unpack
from tests.fakes.toy_events import TOY_WIRE, Answered, Asked

EVENTS = (Asked(name="ñ/🎬", number=1, note="x\u0000y"), Answered(name="n", number=2))


def test_what_is_packed_comes_back_equal_and_in_order() -> None:
    assert unpack(pack(EVENTS), TOY_WIRE.registry) == EVENTS


def test_a_stored_event_says_type_version_and_body() -> None:
    assert pack(EVENTS[1:]) == [{"type": "toy.answered", "version": 1, "body": {"name": "n", "number": 2, "note": ""}}]


def test_an_event_stored_by_an_older_release_is_lifted() -> None:
    old = {"type": "toy.asked", "version": 1, "body": {"who": "n", "number": 3}}
    assert unpack([old], TOY_WIRE.registry) == (Asked(name="n", number=3),)


def test_an_event_stored_by_a_newer_release_is_told() -> None:
    with pytest.raises(NewerVersionError):
        unpack([{"type": "toy.asked", "version": 9, "body": {}}], TOY_WIRE.registry)
