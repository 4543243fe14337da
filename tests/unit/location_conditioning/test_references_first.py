"""Plates and prop views before shots: which are wanted, what they are made from, and how waits for them end."""

from typing import Any

import pytest

from schemas.base import Event
from schemas.bible import ReferenceImage
from schemas.conditioning import CharactersConditioned, LocationConditioned, SeedChoice
from schemas.project import ReferencePolicy, WithoutReference
from schemas.reference import ReferenceFailed, ReferenceReady, ReferenceRequested, whose
from schemas.run import RunContext
from schemas.shot import ShotRejected
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import (
    REFERENCE_WAIT_S,
    LocationStage,
    conditioned,
    defined,
    keyframe,
    location,
    planned,
    project,
    prop,
    run_of,
)
from tests.fakes.documents import FakeDocuments


class World:
    def __init__(self) -> None:
        self.documents = FakeDocuments()
        self.clock = FakeClock()

    @property
    def stage(self) -> LocationStage:
        """A process that has just started."""
        return LocationStage(self.documents, self.clock)


@pytest.fixture
def world() -> World:
    return World()


def frame(shot_id: str = "one", **values: Any) -> CharactersConditioned:
    settings = project(references=ReferencePolicy.FIRST, **values.pop("settings", {}))
    return conditioned(planned(shot_id, settings=settings, **{"location_id": "grove", **values}))[0]


def asked(events: list[Event]) -> list[ReferenceRequested]:
    return [event for event in events if isinstance(event, ReferenceRequested)]


def run(event: ReferenceRequested) -> RunContext:
    assert event.run is not None
    return event.run


def begun(event: ReferenceRequested) -> CharactersConditioned:
    """What the first stage makes of a request."""
    return CharactersConditioned(
        run=run(event), cast=(), seed=SeedChoice(value=7, policy="shot", derived_from="a test")
    )


def ready(event: ReferenceRequested, name: str) -> ReferenceReady:
    shot = run(event).shot
    image = ReferenceImage(
        uri=f"s3://ice/{name}.png", time_of_day=shot.time_of_day, weather=shot.weather, season=shot.season
    )
    return ReferenceReady(**whose(run(event)), references=(image,), run_id=run(event).run_id, generation_id=name)


def failed(event: ReferenceRequested) -> ReferenceFailed:
    return ReferenceFailed(**whose(run(event)), reason="nothing worked", run_id=run(event).run_id)


def only(events: list[Event]) -> LocationConditioned:
    (event,) = events
    assert isinstance(event, LocationConditioned)
    return event


def plates(event: LocationConditioned) -> list[str]:
    assert event.location is not None
    return [image.uri for image in event.location.references]


async def test_a_frame_waits_for_its_plate_and_goes_on_with_it(world: World) -> None:
    (wanted,) = asked(await world.stage.take(defined(location()), frame()))
    assert (wanted.subject.value, wanted.variant) == ("location_plate", "noon/clear/summer")
    event = only(await world.stage.take(ready(wanted, "plate")))
    assert plates(event) == ["s3://ice/plate.png"]
    assert event.degradations == ()


async def test_another_variant_is_made_from_the_base_plate(world: World) -> None:
    (night,) = asked(await world.stage.take(defined(location()), frame(time_of_day="night")))
    (base,) = asked(await world.stage.take(begun(night)))
    assert (night.variant, base.variant) == ("night/clear/summer", "noon/clear/summer")
    assert only(await world.stage.take(begun(base))).location is not None
    event = only(await world.stage.take(ready(base, "base")))
    assert event.run == run(night)
    assert plates(event) == ["s3://ice/base.png"]


async def test_a_plate_of_the_bible_serves_its_own_variant_and_is_the_base_of_every_other(world: World) -> None:
    place = location(reference_images=[{"uri": "s3://ice/given.png", "time_of_day": "noon", "weather": "clear"}])
    assert plates(only(await world.stage.take(defined(place), frame()))) == ["s3://ice/given.png"]
    (night,) = asked(await world.stage.take(frame("two", time_of_day="night")))
    assert plates(only(await world.stage.take(begun(night)))) == ["s3://ice/given.png"]


async def test_a_prop_without_a_picture_gets_a_view_in_the_version_asked_for(world: World) -> None:
    shot = frame(location_id=None, props=["flute", "flute"])
    (view,) = asked(await world.stage.take(defined(prop()), shot))
    await world.stage.take(defined(prop(version=2, description="another flute")))
    assert [item.bible_version for item in only(await world.stage.take(begun(view))).props] == [1]
    # The shot shows the newest look, which needs a view of its own.
    (newer,) = asked(await world.stage.take(ready(view, "old")))
    event = only(await world.stage.take(ready(newer, "flute")))
    assert [image.uri for item in event.props for image in item.references] == ["s3://ice/flute.png"]


async def test_plate_and_continuity_are_waited_for_side_by_side(world: World) -> None:
    parent = planned("parent")
    child = frame("child", continuity_from="parent")
    (wanted,) = asked(await world.stage.take(defined(location()), *conditioned(parent), child))
    assert await world.stage.take(keyframe(run_of(parent))) == []
    event = only(await world.stage.take(ready(wanted, "plate")))
    assert [item.shot_id for item in event.continuity] == ["parent"]


async def test_without_its_plate_a_frame_goes_on_and_says_so(world: World) -> None:
    (wanted,) = asked(await world.stage.take(defined(location()), frame()))
    event = only(await world.stage.take(failed(wanted)))
    assert [(loss.code, loss.reason) for loss in event.degradations] == [("reference-unavailable", "nothing worked")]


async def test_or_it_is_refused_where_the_project_says_so(world: World) -> None:
    shot = frame(settings={"without_reference": WithoutReference.REJECT})
    (wanted,) = asked(await world.stage.take(defined(location()), shot))
    (event,) = await world.stage.take(failed(wanted))
    assert isinstance(event, ShotRejected)
    assert [(problem.field, problem.code) for problem in event.problems] == [
        ("shot.location_id", "reference-unavailable")
    ]


async def test_the_wait_ends_by_itself_also_that_of_a_variant_for_its_base(world: World) -> None:
    (night,) = asked(await world.stage.take(defined(location()), frame(time_of_day="night")))
    await world.stage.take(begun(night))
    world.clock.advance(REFERENCE_WAIT_S + 1)
    swept = await world.stage.sweep()
    assert sorted(event.run.subject.value for event in swept if isinstance(event, LocationConditioned)) == [
        "keyframe",
        "location_plate",
    ]


async def test_a_request_whose_entry_never_comes_fails_as_a_reference_and_refuses_no_shot(world: World) -> None:
    (wanted,) = asked(await world.stage.take(defined(location()), frame()))
    elsewhere = World()
    assert await elsewhere.stage.take(begun(wanted)) == []
    elsewhere.clock.advance(REFERENCE_WAIT_S)
    (event,) = await elsewhere.stage.sweep()
    assert isinstance(event, ReferenceFailed)
    assert event.key == wanted.key


async def test_eager_projects_wait_for_nothing_and_use_what_is_there(world: World) -> None:
    (wanted,) = asked(await world.stage.take(defined(location()), frame()))
    await world.stage.take(ready(wanted, "plate"))
    (eager,) = conditioned(planned("eager", location_id="grove"))
    assert plates(only(await world.stage.take(eager))) == ["s3://ice/plate.png"]
