import pytest

from schemas.base import Event
from schemas.conditioning import LocationConditioned
from schemas.shot import ShotRejected
from schemas.vocabulary import FrameRole, SubjectKind
from services.chassis.failures import Poison
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import (
    BIBLE_WAIT_S,
    CONTINUITY_WAIT_S,
    LocationStage,
    conditioned,
    defined,
    keyframe,
    keyframe_failed,
    location,
    planned,
    prop,
    rejected,
    run_of,
)
from tests.fakes.documents import FakeDocuments


class World:
    def __init__(self) -> None:
        self.documents = FakeDocuments()
        self.clock = FakeClock()
        self.stage = self.restarted()

    def restarted(self) -> LocationStage:
        self.stage = LocationStage(self.documents, self.clock)
        return self.stage


@pytest.fixture
def world() -> World:
    return World()


def only(events: list[Event]) -> LocationConditioned:
    (event,) = events
    assert isinstance(event, LocationConditioned)
    return event


def codes(events: list[Event]) -> list[tuple[str, str]]:
    (event,) = events
    assert isinstance(event, ShotRejected)
    return [(problem.field, problem.code) for problem in event.problems]


def matched(event: LocationConditioned) -> list[tuple[str, str]]:
    """(why, image) of the earlier frames."""
    return [
        (frame.reason, frame.asset.uri.removeprefix("s3://ice/").removesuffix(".png")) for frame in event.continuity
    ]


CHILD = planned("SH020", continuity_from="SH010")
PARENT = planned("SH010")


async def test_a_frame_without_place_goes_through_unchanged(world: World) -> None:
    (asked,) = conditioned(planned())
    event = only(await world.stage.take(asked))
    assert (event.run, event.cast, event.seed) == (asked.run, asked.cast, asked.seed)
    assert (event.location, event.props, event.continuity, event.degradations) == (None, (), (), ())


async def test_place_and_props_are_conditioned(world: World) -> None:
    await world.stage.take(defined(location()), defined(prop()), defined(prop("drum", version=2)))
    event = only(await world.stage.take(*conditioned(planned(location_id="grove", props=["drum", "flute"]))))
    assert event.location is not None
    assert event.location.location_id == "grove"
    assert [(item.prop_id, item.bible_version) for item in event.props] == [("drum", 2), ("flute", 1)]


async def test_a_prop_that_is_named_twice_is_shown_once(world: World) -> None:
    await world.stage.take(defined(prop()))
    event = only(await world.stage.take(*conditioned(planned(props=["flute", "flute"]))))
    assert len(event.props) == 1


async def test_the_version_that_the_shot_names_is_shown(world: World) -> None:
    await world.stage.take(defined(location()), defined(location(version=2)))
    event = only(await world.stage.take(*conditioned(planned(location_id="grove", location_version=1))))
    assert event.location is not None
    assert event.location.bible_version == 1


async def test_a_repeat_publishes_the_stored_event_though_the_bible_has_moved_on(world: World) -> None:
    await world.stage.take(defined(location()))
    asked = conditioned(planned(location_id="grove"))
    first = await world.stage.take(*asked)
    await world.stage.take(defined(location(version=2)))
    assert await world.restarted().take(*asked) == first


async def test_unknown_entries_are_waited_for_and_the_last_one_releases(world: World) -> None:
    assert await world.stage.take(*conditioned(planned(location_id="grove", props=["flute"]))) == []
    assert await world.restarted().take(defined(prop())) == []
    event = only(await world.restarted().take(defined(location())))
    assert event.location is not None
    assert await world.stage.take(defined(location(version=2))) == []


async def test_a_release_that_was_saved_and_not_published_is_published_by_the_repeat(world: World) -> None:
    await world.stage.take(*conditioned(planned(location_id="grove")))
    released = await world.stage.take(defined(location()))
    assert await world.restarted().take(defined(location())) == released


async def test_at_the_deadline_every_missing_entry_is_named_and_both_frames_make_one_refusal(world: World) -> None:
    await world.stage.take(defined(location("groves")), defined(location("pier", version=3)))
    asked = planned(location_id="grove", props=["flute", "drum"], frames="start-end")
    await world.stage.take(*conditioned(asked))
    world.clock.advance(BIBLE_WAIT_S)
    start, end = await world.stage.sweep()
    assert start.event_id == end.event_id
    assert codes([start]) == [
        ("shot.location_id", "unknown-location"),
        ("shot.props.0", "unknown-prop"),
        ("shot.props.1", "unknown-prop"),
    ]
    assert isinstance(start, ShotRejected)
    assert "did you mean groves?" in start.problems[0].allowed


async def test_an_unknown_version_is_refused_with_the_versions_there_are(world: World) -> None:
    await world.stage.take(defined(location(version=2)), defined(location(version=4)))
    await world.stage.take(*conditioned(planned(location_id="grove", location_version=3)))
    world.clock.advance(BIBLE_WAIT_S)
    refused = await world.stage.sweep()
    assert codes(refused) == [("shot.location_version", "unknown-bible-version")]
    assert isinstance(refused[0], ShotRejected)
    assert refused[0].problems[0].allowed.endswith("2, 4")


async def test_one_version_with_two_contents_is_poison(world: World) -> None:
    await world.stage.take(defined(location()), defined(prop()))
    with pytest.raises(Poison, match=r'location grove.*weather: "rain", stored is "clear"'):
        await world.stage.take(defined(location(weather="rain")))
    with pytest.raises(Poison, match=r"prop flute.*version 1"):
        await world.stage.take(defined(prop(description="Another.")))


async def test_a_template_that_nobody_knows_is_listed_as_done_without(world: World) -> None:
    await world.stage.take(defined(location(template_id="moonbase")))
    event = only(await world.stage.take(*conditioned(planned(location_id="grove"))))
    assert [item.code for item in event.degradations] == ["template-unknown"]


async def test_a_continuing_shot_waits_for_the_keyframe_and_gets_it(world: World) -> None:
    assert await world.stage.take(*conditioned(CHILD)) == []
    event = only(await world.restarted().take(keyframe(run_of(PARENT))))
    assert matched(event) == [("continuity_from", "SH010-single-frame")]
    assert event.degradations == ()


async def test_a_keyframe_that_is_there_already_is_used_at_once(world: World) -> None:
    await world.stage.take(*conditioned(PARENT), keyframe(run_of(PARENT)))
    assert matched(only(await world.stage.take(*conditioned(CHILD)))) == [("continuity_from", "SH010-single-frame")]


async def test_of_a_shot_with_two_frames_the_end_is_continued(world: World) -> None:
    parent = planned("SH010", frames="start-end")
    await world.stage.take(*conditioned(CHILD))
    assert await world.stage.take(keyframe(run_of(parent, FrameRole.START))) == []
    event = only(await world.stage.take(keyframe(run_of(parent, FrameRole.END))))
    assert matched(event) == [("continuity_from", "SH010-end-frame")]


async def test_the_newest_making_of_the_continued_shot_is_waited_for(world: World) -> None:
    await world.stage.take(*conditioned(PARENT), keyframe(run_of(PARENT)))
    anew = planned("SH010", revision=2)
    await world.stage.take(*conditioned(anew))
    assert await world.stage.take(*conditioned(CHILD)) == []
    event = only(await world.stage.take(keyframe(run_of(anew), name="new")))
    assert matched(event) == [("continuity_from", "SH010-single-new")]


async def test_a_regeneration_of_both_shots_continues_the_new_frame(world: World) -> None:
    await world.stage.take(*conditioned(PARENT), keyframe(run_of(PARENT)))
    again = planned("SH010", regeneration_id="r1")
    child = planned("SH020", continuity_from="SH010", regeneration_id="r1")
    await world.stage.take(*conditioned(again))
    assert await world.stage.take(*conditioned(child)) == []
    event = only(await world.stage.take(keyframe(run_of(again), name="new")))
    assert matched(event) == [("continuity_from", "SH010-single-new")]


async def test_a_replay_of_an_old_making_does_not_make_it_the_newest(world: World) -> None:
    again = planned("SH010", regeneration_id="r1")
    await world.stage.take(*conditioned(PARENT), *conditioned(again), keyframe(run_of(again), name="new"))
    await world.stage.take(*conditioned(PARENT))
    assert matched(only(await world.stage.take(*conditioned(CHILD)))) == [("continuity_from", "SH010-single-new")]


async def test_a_later_take_replaces_an_earlier_one_and_not_the_other_way_round(world: World) -> None:
    run = run_of(PARENT)
    await world.stage.take(keyframe(run, take=2, name="two"), keyframe(run, take=1, name="one"), keyframe_failed(run))
    assert matched(only(await world.stage.take(*conditioned(CHILD)))) == [("continuity_from", "SH010-single-two")]


async def test_when_the_newest_making_fails_the_older_keyframe_serves(world: World) -> None:
    anew = planned("SH010", revision=2)
    await world.stage.take(*conditioned(PARENT), keyframe(run_of(PARENT)), *conditioned(anew), *conditioned(CHILD))
    event = only(await world.stage.take(keyframe_failed(run_of(anew))))
    assert matched(event) == [("continuity_from", "SH010-single-frame")]


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (keyframe_failed(run_of(PARENT)), "attempts-exhausted"),
        (rejected(PARENT), "unknown-style"),
        (rejected(planned("SH010", revision=2)), "unknown-style"),
    ],
)
async def test_a_parent_that_comes_to_nothing_ends_the_wait_and_is_listed(world: World, end: Event, why: str) -> None:
    await world.stage.take(*conditioned(PARENT), *conditioned(CHILD))
    event = only(await world.restarted().take(end))
    assert event.continuity == ()
    (degradation,) = event.degradations
    assert (degradation.code, degradation.what) == ("continuity-unavailable", "keyframe of SH010")
    assert why in degradation.reason
    assert await world.stage.take(end) == [event]


async def test_a_second_content_of_the_parents_revision_does_not_end_the_wait(world: World) -> None:
    await world.stage.take(*conditioned(PARENT), *conditioned(CHILD))
    assert await world.stage.take(rejected(PARENT, code="revision-conflict")) == []
    assert matched(only(await world.stage.take(keyframe(run_of(PARENT))))) != []


async def test_the_failure_of_a_start_frame_does_not_end_the_wait_for_the_end_frame(world: World) -> None:
    parent = planned("SH010", frames="start-end")
    await world.stage.take(*conditioned(CHILD))
    assert await world.stage.take(keyframe_failed(run_of(parent, FrameRole.START))) == []


async def test_a_parent_that_nobody_hears_of_is_done_without_at_the_deadline(world: World) -> None:
    await world.stage.take(*conditioned(CHILD))
    world.clock.advance(CONTINUITY_WAIT_S - 1)
    assert await world.stage.sweep() == []
    world.clock.advance(1)
    event = only(await world.restarted().sweep())
    assert [item.code for item in event.degradations] == ["continuity-unavailable"]
    assert await world.stage.take(keyframe(run_of(PARENT))) == []


async def test_a_frame_that_waits_for_both_is_refused_for_the_entry_at_its_own_deadline(world: World) -> None:
    await world.stage.take(*conditioned(planned("SH020", continuity_from="SH010", location_id="grove")))
    world.clock.advance(BIBLE_WAIT_S)
    assert codes(await world.stage.sweep()) == [("shot.location_id", "unknown-location")]


async def test_keyframes_of_sheets_and_of_other_projects_are_none_of_ours(world: World) -> None:
    await world.stage.take(*conditioned(CHILD))
    sheet = keyframe(run_of(PARENT)).model_copy(update={"subject": SubjectKind.LOCATION_PLATE})
    other = planned("SH010", settings=PARENT.project.model_copy(update={"project_id": "another"}))
    assert await world.stage.take(sheet, keyframe(run_of(other))) == []


async def test_the_end_frame_waits_for_the_start_frame_of_its_own_making(world: World) -> None:
    asked = planned(frames="start-end")
    start = only(await world.stage.take(*conditioned(asked)))
    assert start.run.frame_role is FrameRole.START
    other_making = run_of(planned(frames="start-end", regeneration_id="r1"), FrameRole.START)
    assert await world.stage.take(keyframe(other_making)) == []
    end = only(await world.stage.take(keyframe(start.run)))
    assert end.run.frame_role is FrameRole.END
    assert matched(end) == [("start_frame", "SH010-start-frame")]


@pytest.mark.parametrize("how", ["failed", "rejected"])
async def test_an_end_frame_goes_on_without_a_start_frame_that_came_to_nothing(world: World, how: str) -> None:
    asked = planned(frames="start-end")
    await world.stage.take(*conditioned(asked))
    ended = keyframe_failed(run_of(asked, FrameRole.START)) if how == "failed" else rejected(asked)
    event = only(await world.stage.take(ended))
    assert [item.what for item in event.degradations] == ["start frame of SH010"]


async def test_an_end_frame_matches_its_start_frame_before_the_continued_shot(world: World) -> None:
    asked = planned("SH020", frames="start-end", continuity_from="SH010")
    await world.stage.take(*conditioned(asked), keyframe(run_of(PARENT)))
    event = only(await world.stage.take(keyframe(run_of(asked, FrameRole.START))))
    assert matched(event) == [("start_frame", "SH020-start-frame"), ("continuity_from", "SH010-single-frame")]


async def test_a_newer_revision_drops_the_frames_that_wait(world: World) -> None:
    await world.stage.take(*conditioned(CHILD))
    await world.stage.take(*conditioned(planned("SH020", revision=2, continuity_from="SH010")))
    event = only(await world.stage.take(keyframe(run_of(PARENT))))
    assert event.run.revision == 2


async def test_a_cycle_is_refused_by_name_and_the_others_go_on(world: World) -> None:
    a, b, c = (planned(one, continuity_from=other) for one, other in (("A", "B"), ("B", "C"), ("C", "A")))
    assert await world.stage.take(*conditioned(a), *conditioned(b)) == []
    refused = await world.stage.take(*conditioned(c))
    assert codes(refused) == [("shot.continuity_from", "continuity-cycle")]
    assert isinstance(refused[0], ShotRejected)
    assert "C -> A -> B -> C" in refused[0].problems[0].allowed
    released = only(await world.stage.take(*refused))
    assert released.run.shot.shot_id == "B"
    assert [item.code for item in released.degradations] == ["continuity-unavailable"]
    assert matched(only(await world.stage.take(keyframe(released.run)))) == [("continuity_from", "B-single-frame")]


async def test_after_a_refused_cycle_the_other_shots_can_be_made_again(world: World) -> None:
    a, b = planned("A", continuity_from="B"), planned("B", continuity_from="A")
    await world.stage.take(*conditioned(a))
    refused = await world.stage.take(*conditioned(b))
    await world.stage.take(*refused)
    again = only(await world.stage.take(*conditioned(planned("A", continuity_from="B", regeneration_id="r1"))))
    assert [item.code for item in again.degradations] == ["continuity-unavailable"]


async def test_only_the_newest_revision_of_a_shot_counts_for_a_cycle(world: World) -> None:
    await world.stage.take(*conditioned(planned("A", continuity_from="B")))
    await world.stage.take(*conditioned(planned("A", revision=2)))
    assert await world.stage.take(*conditioned(planned("B", continuity_from="A"))) == []


async def test_a_shot_that_leads_into_a_cycle_of_others_is_not_refused_itself(world: World) -> None:
    await world.stage.take(*conditioned(planned("A", continuity_from="B")))
    await world.stage.take(*conditioned(planned("B", continuity_from="A")))
    assert await world.stage.take(*conditioned(planned("C", continuity_from="A"))) == []


async def test_a_chain_of_many_shots_is_no_cycle_and_runs_through(world: World) -> None:
    chain = [planned("S000")]
    chain += [planned(f"S{i:03}", continuity_from=f"S{i - 1:03}") for i in range(1, 40)]
    published = await world.stage.take(*(frame for shot in reversed(chain) for frame in conditioned(shot)))
    for shot in chain:
        assert [only(published).run.shot.shot_id] == [shot.shot.shot_id]
        published = await world.stage.take(keyframe(run_of(shot)))
    assert published == []
