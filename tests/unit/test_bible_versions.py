"""What becomes of entries whose versions a planner numbers itself: in any order, twice, with gaps, over restarts."""

from typing import Any

import pytest

from schemas.base import Event
from schemas.bible import Character, CharacterDefined
from schemas.conditioning import CharactersConditioned, LocationConditioned
from schemas.events import REGISTRY
from schemas.registry import UnreadableEventError
from services.chassis.failures import Poison
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import (
    CharacterStage,
    LocationStage,
    character,
    conditioned,
    defined,
    location,
    planned,
    prop,
)
from tests.fakes.documents import FakeDocuments

KINDS = ("radha", "grove", "flute")


class World:
    """Both owners of the bible."""

    def __init__(self) -> None:
        self._documents = FakeDocuments(), FakeDocuments()
        self._shots = 0
        self.restart()

    def restart(self) -> None:
        characters, places = self._documents
        self._characters = CharacterStage(characters, FakeClock())
        self._places = LocationStage(places, FakeClock())

    async def define(self, kind: str, *versions: int, **values: Any) -> list[Event]:
        make: Any = {"radha": character, "grove": location, "flute": prop}[kind]
        events = [
            defined(make(kind, version=number, **{"description": f"Version {number}.", **values}))
            for number in versions
        ]
        stage = self._characters if kind == "radha" else self._places
        return await stage.take(*events)

    async def shown(self, kind: str, pinned: int | None = None) -> tuple[int, str]:
        """(version, description) that a new shot shows."""
        self._shots += 1
        shot_id = f"SH{self._shots}"
        if kind == "radha":
            cast = [{"character_id": kind, "bible_version": pinned}]
            (event,) = await self._characters.take(planned(shot_id, cast=cast))
            assert isinstance(event, CharactersConditioned)
            return event.cast[0].bible_version, event.cast[0].description
        named: dict[str, Any] = (
            {"location_id": kind, "location_version": pinned} if kind == "grove" else {"props": [kind]}
        )
        (event,) = await self._places.take(*conditioned(planned(shot_id, **named)))
        assert isinstance(event, LocationConditioned)
        entry = event.location if kind == "grove" else event.props[0]
        assert entry is not None
        return entry.bible_version, entry.description


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_version_with_another_content_is_refused_by_field_and_the_first_stays(world: World, kind: str) -> None:
    await world.define(kind, 1)
    world.restart()
    with pytest.raises(Poison, match=r'version 1: another content.*description: "Another\.", stored is "Version 1\."'):
        await world.define(kind, 1, description="Another.")
    assert await world.shown(kind) == (1, "Version 1.")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_lower_version_after_a_higher_one_is_history_and_changes_no_shot(world: World, kind: str) -> None:
    await world.define(kind, 3)
    world.restart()
    await world.define(kind, 2)
    assert await world.shown(kind) == (3, "Version 3.")
    if kind != "flute":
        assert await world.shown(kind, pinned=2) == (2, "Version 2.")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_gap_in_the_versions_is_allowed_and_may_be_filled_later(world: World, kind: str) -> None:
    await world.define(kind, 1, 7)
    assert await world.shown(kind) == (7, "Version 7.")
    world.restart()
    await world.define(kind, 4)
    assert await world.shown(kind) == (7, "Version 7.")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1, 2), (3, 3, 1, 2)])
async def test_the_highest_version_counts_in_whatever_order_they_come(
    world: World, kind: str, order: tuple[int, ...]
) -> None:
    for number in order:
        await world.define(kind, number)
        world.restart()
    assert await world.shown(kind) == (3, "Version 3.")


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_content_under_a_higher_version_is_the_newest(world: World, kind: str) -> None:
    await world.define(kind, 1, 2, description="The same.")
    assert await world.shown(kind) == (2, "The same.")


@pytest.mark.parametrize("kind", KINDS)
async def test_an_entry_that_is_refused_holds_up_none_behind_it(world: World, kind: str) -> None:
    await world.define(kind, 1)
    with pytest.raises(Poison):
        await world.define(kind, 1, description="Another.")
    await world.define(kind, 2, description="Another.")
    assert await world.shown(kind) == (2, "Another.")


@pytest.mark.parametrize("removal", [None, b"", b"null"])
def test_a_removal_is_unreadable_and_so_removes_nothing(removal: bytes | None) -> None:
    with pytest.raises(UnreadableEventError):
        REGISTRY.decode(CharacterDefined.TYPE, 1, removal)


def test_a_version_below_one_is_no_entry() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        Character(id="radha", name="Radha", description="A dancer.", version=0)
