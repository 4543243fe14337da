"""Sheets before shots: who needs one, who waits, and what becomes of a shot without."""

from typing import Any

import pytest

from schemas.base import Event
from schemas.bible import ReferenceImage
from schemas.conditioning import CharactersConditioned
from schemas.project import ReferencePolicy, WithoutReference
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested, whose
from schemas.run import RunContext
from schemas.shot import ShotPlanned, ShotRejected
from services.chassis.failures import Poison
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import (
    REFERENCE_WAIT_S,
    CharacterStage,
    character,
    defined,
    planned,
    project,
)
from tests.fakes.documents import FakeDocuments

WARDROBE = [{"costume_id": "day"}, {"costume_id": "ball", "scenes": ["SC020"]}]


class World:
    def __init__(self) -> None:
        self.documents = FakeDocuments()
        self.clock = FakeClock()

    @property
    def stage(self) -> CharacterStage:
        """A process that has just started."""
        return CharacterStage(self.documents, self.clock)


@pytest.fixture
def world() -> World:
    return World()


def shot(shot_id: str = "one", **values: Any) -> ShotPlanned:
    settings = project(references=ReferencePolicy.FIRST, **values.pop("settings", {}))
    return planned(shot_id, settings=settings, **{"cast": ["radha"], **values})


def asked(events: list[Event]) -> list[ReferenceRequested]:
    return [event for event in events if isinstance(event, ReferenceRequested)]


def run(event: ReferenceRequested) -> RunContext:
    assert event.run is not None
    return event.run


def ready(event: ReferenceRequested, name: str = "sheet") -> ReferenceReady:
    image = ReferenceImage(uri=f"s3://ice/{name}.png", costume_id=event.variant)
    return ReferenceReady(**whose(run(event)), references=(image,), run_id=run(event).run_id, generation_id=name)


def failed(event: ReferenceRequested) -> ReferenceFailed:
    return ReferenceFailed(**whose(run(event)), reason="nothing worked", run_id=run(event).run_id)


async def test_a_shot_waits_for_the_sheet_that_it_asks_for_and_goes_on_with_it(world: World) -> None:
    (wanted,) = asked(await world.stage.take(defined(character()), shot()))
    assert (wanted.entity_id, wanted.variant, wanted.asked_by) == ("radha", "attire", "vrindavan/one")
    (event,) = await world.stage.take(ready(wanted))
    assert isinstance(event, CharactersConditioned)
    assert [image.uri for image in event.cast[0].references] == ["s3://ice/sheet.png"]
    assert event.degradations == ()
    assert await world.stage.take(ready(wanted)) == [event]


async def test_a_shot_asks_again_when_it_comes_again_and_no_arrival_of_others_makes_it(world: World) -> None:
    first = await world.stage.take(defined(character()), defined(character("krishna")), shot(cast=["radha", "krishna"]))
    assert len(asked(first)) == 2
    assert await world.stage.take(shot(cast=["radha", "krishna"])) == first
    assert await world.stage.take(ready(asked(first)[0])) == []


async def test_an_entry_that_comes_late_has_its_shots_ask_and_ask_again_when_it_is_repeated(world: World) -> None:
    assert await world.stage.take(shot()) == []
    (wanted,) = await world.stage.take(defined(character()))
    assert isinstance(wanted, ReferenceRequested)
    assert await world.stage.take(defined(character())) == [wanted]


async def test_a_picture_of_the_bible_is_enough_and_eager_projects_wait_for_nothing(world: World) -> None:
    shown = character("krishna", reference_images=["s3://ice/krishna.png"])
    await world.stage.take(defined(character()), defined(shown))
    eager = planned("eager", cast=["radha"])
    events = await world.stage.take(shot(cast=["krishna"]), eager)
    assert [type(event) for event in events] == [CharactersConditioned, CharactersConditioned]


async def test_nobody_out_of_frame_needs_a_sheet(world: World) -> None:
    await world.stage.take(defined(character()))
    (event,) = await world.stage.take(shot(cast=[{"character_id": "radha", "visible": False}]))
    assert isinstance(event, CharactersConditioned)


async def test_only_the_first_request_is_followed_and_it_is_followed_again_when_repeated(world: World) -> None:
    await world.stage.take(defined(character()))
    (one,), (two,) = asked(await world.stage.take(shot("one"))), asked(await world.stage.take(shot("two")))
    assert one.event_id == two.event_id
    begun = await world.stage.take(one)
    assert [type(event) for event in begun] == [CharactersConditioned]
    assert await world.stage.take(two) == []
    assert await world.stage.take(one) == begun


async def test_another_costume_is_made_from_the_base_costumes_sheet(world: World) -> None:
    await world.stage.take(defined(character(wardrobe=WARDROBE)))
    (ball,) = asked(await world.stage.take(shot(scene_id="SC020")))
    (day,) = asked(await world.stage.take(ball))
    assert (ball.variant, day.variant) == ("ball", "day")
    (event,) = await world.stage.take(ready(day, "base"))
    assert isinstance(event, CharactersConditioned)
    assert event.run == run(ball)
    assert [image.uri for image in event.cast[0].references] == ["s3://ice/base.png"]


async def test_without_its_sheet_a_shot_goes_on_and_says_so(world: World) -> None:
    await world.stage.take(defined(character()))
    (wanted,) = asked(await world.stage.take(shot()))
    (event,) = await world.stage.take(failed(wanted))
    assert isinstance(event, CharactersConditioned)
    assert [(loss.code, loss.reason) for loss in event.degradations] == [("reference-unavailable", "nothing worked")]


async def test_or_it_is_refused_where_the_project_says_so(world: World) -> None:
    await world.stage.take(defined(character()))
    (wanted,) = asked(await world.stage.take(shot(settings={"without_reference": WithoutReference.REJECT})))
    (event,) = await world.stage.take(failed(wanted))
    assert isinstance(event, ShotRejected)
    assert [problem.field for problem in event.problems] == ["shot.cast.0.character_id"]


async def test_the_wait_ends_by_itself(world: World) -> None:
    await world.stage.take(defined(character()), shot())
    stage = world.stage
    assert await stage.sweep() == []
    world.clock.advance(REFERENCE_WAIT_S + 1)
    (event,) = await stage.sweep()
    assert isinstance(event, CharactersConditioned)
    assert event.degradations[0].code == "reference-unavailable"


async def test_a_new_look_needs_a_new_sheet_and_new_adapters_or_tags_do_not(world: World) -> None:
    await world.stage.take(defined(character()))
    (wanted,) = asked(await world.stage.take(shot("one")))
    await world.stage.take(ready(wanted))
    same = character(version=2, tags=["lead"], loras=[{"lora_id": "radha-xl"}])
    (event,) = await world.stage.take(defined(same), shot("two"))
    assert isinstance(event, CharactersConditioned)
    other = character(version=3, appearance={"hair": "grey"})
    (again,) = asked(await world.stage.take(defined(other), shot("three")))
    assert again.bible_digest != wanted.bible_digest


async def test_another_making_takes_the_place_of_the_first_and_a_late_copy_of_the_first_does_not(world: World) -> None:
    await world.stage.take(defined(character()))
    (wanted,) = asked(await world.stage.take(shot("one")))
    await world.stage.take(ready(wanted, "old"))
    other = run(wanted).model_copy(update={"regeneration_id": "again"})
    newer = ready(wanted.model_copy(update={"run": other, "regeneration_id": "again"}), "new")
    await world.stage.take(newer, ready(wanted, "old"), failed(wanted))
    (event,) = await world.stage.take(shot("two"))
    assert isinstance(event, CharactersConditioned)
    assert event.cast[0].references[0].uri == "s3://ice/new.png"


async def test_a_request_that_does_not_say_how_it_is_made_is_a_dead_letter(world: World) -> None:
    await world.stage.take(defined(character()))
    (wanted,) = asked(await world.stage.take(shot()))
    with pytest.raises(Poison, match="run is None"):
        await world.stage.take(wanted.model_copy(update={"run": None}))
