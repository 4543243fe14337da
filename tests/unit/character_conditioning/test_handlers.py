import pytest

from schemas.base import Event
from schemas.conditioning import CharactersConditioned
from schemas.project import SeedPolicy
from schemas.shot import ShotRejected
from services.chassis.failures import Poison, Transient
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import BIBLE_WAIT_S, CharacterStage, character, defined, planned
from tests.fakes.documents import FakeDocuments


class World:
    def __init__(self) -> None:
        self.documents = FakeDocuments()
        self.clock = FakeClock()
        self.stage = self.restarted()

    def restarted(self) -> CharacterStage:
        self.stage = CharacterStage(self.documents, self.clock)
        return self.stage


@pytest.fixture
def world() -> World:
    return World()


def shown(events: list[Event]) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """(shot, revision, cast with versions) of conditioned events."""
    assert all(isinstance(event, CharactersConditioned) for event in events)
    return [
        (event.run.shot.shot_id, event.run.revision, [(one.character_id, one.bible_version) for one in event.cast])
        for event in events
        if isinstance(event, CharactersConditioned)
    ]


def codes(events: list[Event]) -> list[tuple[str, str]]:
    """(field, code) of a refusal."""
    (event,) = events
    assert isinstance(event, ShotRejected)
    return [(problem.field, problem.code) for problem in event.problems]


async def test_a_shot_whose_cast_is_known_is_conditioned_once_per_frame_role(world: World) -> None:
    await world.stage.take(defined(character()))
    published = await world.stage.take(planned(cast=["radha"], frames="start-end"))
    assert shown(published) == [("SH010", 1, [("radha", 1)])] * 2


async def test_a_shot_without_cast_is_conditioned(world: World) -> None:
    assert shown(await world.stage.take(planned())) == [("SH010", 1, [])]


async def test_a_repeat_publishes_the_same_events_though_the_bible_has_moved_on(world: World) -> None:
    await world.stage.take(defined(character()))
    first = await world.stage.take(planned(cast=["radha"]))
    await world.stage.take(defined(character(version=2, seed=9)))
    assert await world.restarted().take(planned(cast=["radha"])) == first


async def test_the_newest_version_is_shown_unless_the_shot_names_one(world: World) -> None:
    for version in (2, 3, 1):
        await world.stage.take(defined(character(version=version)))
    pinned = planned("SH020", cast=[{"character_id": "radha", "bible_version": 1}])
    published = await world.stage.take(planned(cast=["radha"]), pinned)
    assert shown(published) == [("SH010", 1, [("radha", 3)]), ("SH020", 1, [("radha", 1)])]


async def test_projects_do_not_share_characters(world: World) -> None:
    await world.stage.take(defined(character(), project_id="another"))
    assert await world.stage.take(planned(cast=["radha"])) == []


async def test_a_shot_of_an_unknown_character_waits_and_is_released_when_it_is_defined(world: World) -> None:
    assert await world.stage.take(planned(cast=["radha", "krishna"])) == []
    assert await world.restarted().take(defined(character("krishna"))) == []
    published = await world.restarted().take(defined(character()))
    assert shown(published) == [("SH010", 1, [("radha", 1), ("krishna", 1)])]
    assert await world.stage.take(defined(character(version=2))) == []


async def test_a_release_that_was_saved_and_not_published_is_published_by_the_repeat(world: World) -> None:
    await world.stage.take(planned(cast=["radha"]))
    released = await world.stage.take(defined(character()))
    assert await world.restarted().take(defined(character())) == released


async def test_a_pinned_version_is_waited_for(world: World) -> None:
    await world.stage.take(defined(character(version=3)))
    assert await world.stage.take(planned(cast=[{"character_id": "radha", "bible_version": 2}])) == []
    assert shown(await world.stage.take(defined(character(version=2)))) == [("SH010", 1, [("radha", 2)])]


async def test_an_unknown_costume_is_waited_for_and_released_by_the_version_that_has_it(world: World) -> None:
    await world.stage.take(defined(character()))
    assert await world.stage.take(planned(cast=[{"character_id": "radha", "costume_id": "armour"}])) == []
    assert await world.stage.take(defined(character(version=2))) == []
    armoured = character(version=3, wardrobe=[{"costume_id": "armour"}])
    assert shown(await world.stage.take(defined(armoured))) == [("SH010", 1, [("radha", 3)])]


async def test_at_the_deadline_every_missing_entry_is_named_once(world: World) -> None:
    await world.stage.take(defined(character()), defined(character("krishna", version=4)))
    members = [
        "rada",
        "nobody",
        {"character_id": "krishna", "bible_version": 2},
        {"character_id": "radha", "costume_id": "armour"},
    ]
    await world.stage.take(planned(cast=members))
    world.clock.advance(BIBLE_WAIT_S - 1)
    assert await world.stage.sweep() == []
    world.clock.advance(1)
    refused = await world.restarted().sweep()
    assert codes(refused) == [
        ("shot.cast.0.character_id", "unknown-character"),
        ("shot.cast.1.character_id", "unknown-character"),
        ("shot.cast.2.bible_version", "unknown-bible-version"),
        ("shot.cast.3.costume_id", "unknown-costume"),
    ]
    assert await world.stage.sweep() == []
    assert await world.stage.take(planned(cast=members)) == refused


async def test_the_rejected_shot_can_be_planned_anew(world: World) -> None:
    await world.stage.take(planned(cast=["rada"]))
    world.clock.advance(BIBLE_WAIT_S)
    await world.stage.sweep()
    await world.stage.take(defined(character()))
    assert shown(await world.stage.take(planned(cast=["radha"], revision=2))) == [("SH010", 2, [("radha", 1)])]


async def test_a_newer_revision_drops_the_older_one_that_waits(world: World) -> None:
    await world.stage.take(planned(cast=["radha"]))
    await world.stage.take(planned(cast=["radha"], revision=2))
    assert shown(await world.stage.take(defined(character()))) == [("SH010", 2, [("radha", 1)])]
    world.clock.advance(BIBLE_WAIT_S)
    assert await world.stage.sweep() == []


async def test_the_same_revision_with_another_content_is_refused_and_the_first_stays(world: World) -> None:
    first = await world.stage.take(planned(description="One.", lens_mm=35))
    refused = await world.stage.take(planned(description="Two.", lens_mm=50))
    assert codes(refused) == [("shot.description", "revision-conflict"), ("shot.lens_mm", "revision-conflict")]
    assert await world.stage.take(planned(description="Two.", lens_mm=50)) == refused
    assert await world.stage.take(planned(description="One.", lens_mm=35)) == first


async def test_changed_project_settings_are_another_content_too(world: World) -> None:
    await world.stage.take(planned())
    changed = planned()
    changed = changed.model_copy(update={"project": changed.project.model_copy(update={"style": "noir"})})
    assert codes(await world.stage.take(changed)) == [("project.style", "revision-conflict")]


async def test_another_date_is_no_other_content(world: World) -> None:
    first = await world.stage.take(planned(updated_at="2026-01-01T00:00:00Z"))
    assert await world.stage.take(planned(updated_at="2026-02-02T00:00:00Z")) == first


async def test_a_regeneration_makes_new_runs_of_the_same_content_only(world: World) -> None:
    (first,) = await world.stage.take(planned())
    (again,) = await world.stage.take(planned(regeneration_id="r1"))
    assert isinstance(first, CharactersConditioned)
    assert isinstance(again, CharactersConditioned)
    assert first.run.run_id != again.run.run_id
    refused = await world.stage.take(planned(regeneration_id="r2", description="Two."))
    assert codes(refused) == [("shot.description", "revision-conflict")]


async def test_a_regeneration_may_wish_for_another_model_and_seed_policy_once(world: World) -> None:
    await world.stage.take(planned())
    wish = planned(regeneration_id="r1", model="other")
    wish = wish.model_copy(update={"project": wish.project.model_copy(update={"seed_policy": SeedPolicy.SCENE})})
    (again,) = await world.stage.take(wish)
    assert isinstance(again, CharactersConditioned)
    assert (again.run.shot.model, again.seed.policy) == ("other", "scene")
    refused = await world.stage.take(planned(regeneration_id="r1", model="third"))
    assert ("shot.model", "revision-conflict") in codes(refused)


async def test_one_version_with_two_contents_is_poison_that_names_both(world: World) -> None:
    await world.stage.take(defined(character(appearance={"hair": "black"})))
    with pytest.raises(Poison, match=r'radha.*version 1.*appearance\.hair: "brown", stored is "black"'):
        await world.stage.take(defined(character(appearance={"hair": "brown"})))
    (event,) = await world.stage.take(planned(cast=["radha"]))
    assert isinstance(event, CharactersConditioned)
    assert event.cast[0].appearance == {"hair": "black"}


async def test_any_text_survives_the_bible(world: World) -> None:
    odd = character(
        name="राधा 🌸 $where.a",
        appearance={"$set": "a.b", "a.b": "{$gt: 1}", "hair ": ["черные", "長い"]},
        description="x" * 4000,
    )
    await world.stage.take(defined(odd))
    (event,) = await world.stage.take(planned(cast=["radha"]))
    assert isinstance(event, CharactersConditioned)
    assert event.cast[0].appearance == odd.appearance


async def test_a_database_that_is_away_is_transient_and_nothing_is_lost(world: World) -> None:
    world.documents.away = "gone"
    with pytest.raises(Transient):
        await world.stage.take(planned())
    world.documents.away = None
    assert len(await world.stage.take(planned())) == 1
