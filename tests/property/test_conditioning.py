"""Laws of both conditioning stages, over all inputs and all interleavings."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import Event
from schemas.bible import Character, Location
from schemas.conditioning import CharacterConditioning, CharactersConditioned, LocationConditioned
from schemas.project import ProjectSettings, SeedPolicy
from schemas.shot import ShotPlanned, ShotRejected
from schemas.vocabulary import CharacterType, Facing, FrameRole, Season, ShotSize, TimeOfDay, Weather
from services.character_conditioning import domain as cast_rules
from services.chassis.parked import State
from services.chassis.stored_events import pack, unpack
from services.location_conditioning import domain as place_rules
from services.location_conditioning.adapters.template_file import load_templates
from services.location_conditioning.domain import Variant
from tests.fakes.clock import FakeClock
from tests.fakes.conditioning import (
    BIBLE_WAIT_S,
    CONTINUITY_WAIT_S,
    CharacterStage,
    LocationStage,
    character,
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

TEMPLATES = load_templates()
IDS = ("radha", "krishna", "tom.2", "A-1")

ODD = (
    *("", " ", "a", "red silk", "राधा", "長い黒髪", "🌸", "a.b", "$where", "%s{0}", "x" * 200, "\u202ertl", "e\u0301"),
    *("\tline\nline", "colour", "style", "sari", "accessories", "hair", "0"),
)
NAMES = tuple(word for word in ODD if word.strip())
slugs = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
seeds = st.none() | st.integers(0, 2**32 - 1)
projects = st.builds(
    ProjectSettings, project_id=st.just("p"), title=st.just("P"), seed_policy=st.sampled_from(SeedPolicy), seed=seeds
)
visible_text = st.sampled_from(ODD)
names = st.sampled_from(NAMES)
features = st.dictionaries(names, visible_text | st.lists(visible_text, max_size=2), max_size=3)


class Chance(random.Random):
    """Draws films much faster than strategies do: a cast has hundreds of fields."""

    def some(self, words: Sequence[Any], most: int = 3) -> list[Any]:
        return self.sample(words, self.randint(0, min(most, len(words))))

    def maybe(self, words: Sequence[Any]) -> Any:
        return self.choice((None, *words))

    def features(self) -> dict[str, Any]:
        return {name: self.choice((self.choice(ODD), self.some(ODD))) for name in self.some(NAMES, 6)}

    def seed_or_none(self) -> int | None:
        return self.choice((None, self.randrange(2**32)))

    def costume(self, costume_id: str) -> dict[str, Any]:
        return {
            "costume_id": costume_id,
            "description": self.choice(ODD),
            "garments": [{"name": name, "colour": self.choice(ODD)} for name in self.some(NAMES)],
            "scenes": self.some(("SC010", "SC020")),
            "sequences": self.some(("SEQ1", "SEQ2")),
        }

    def reference(self) -> dict[str, Any]:
        return {
            "uri": f"s3://b/{self.randrange(10)}",
            "view": self.maybe((*Facing, "sheet", "full-body")),
            "costume_id": self.maybe(("one", "two")),
        }

    def character(self, entity_id: str) -> Character:
        return Character.model_validate(
            {
                "id": entity_id,
                "version": self.randint(1, 9),
                "name": self.choice(NAMES),
                "description": self.choice(NAMES),
                "appearance": self.features(),
                "changing": self.features(),
                "attire": self.features(),
                "wardrobe": [self.costume(one) for one in self.some(("one", "two", "attire"))],
                "character_type": self.choice(tuple(CharacterType)),
                "embedding_id": self.maybe(NAMES),
                "loras": [{"lora_id": name, "scale": self.uniform(0, 2)} for name in self.some(NAMES, 2)],
                "reference_images": [self.reference() for _ in range(self.randint(0, 4))],
                "seed": self.seed_or_none(),
                "tags": self.some(NAMES),
            }
        )

    def member(self, character_id: str) -> dict[str, Any]:
        return {
            "character_id": character_id,
            "visible": self.choice((True, True, False)),
            "action": self.choice(ODD),
            "expression": self.choice(ODD),
            "facing": self.maybe(tuple(Facing)),
            "costume_id": self.maybe(("one", "attire")),
            "changing": {name: self.choice(ODD) for name in self.some(NAMES)},
        }

    def planned(self, cast: Sequence[str]) -> ShotPlanned:
        settings = ProjectSettings(
            project_id="p", title="P", seed_policy=self.choice(tuple(SeedPolicy)), seed=self.seed_or_none()
        )
        return planned(
            "SH010",
            settings=settings,
            scene_id=self.choice(("SC010", "SC020")),
            sequence_id=self.maybe(("SEQ1", "SEQ2")),
            shot_size=self.choice(tuple(ShotSize)),
            facing=self.choice(tuple(Facing)),
            frames=self.choice(("single", "start-end")),
            seed=self.seed_or_none(),
            cast=[self.member(one) for one in cast],
        )


def film(seed: int) -> tuple[ShotPlanned, dict[str, Character]]:
    """A planned shot and the bible entries of its cast."""
    chance = Chance(seed)
    ids = chance.some(IDS, 4)
    return chance.planned(ids), {one: chance.character(one) for one in ids}


films = st.integers(0, 2**32 - 1).map(film)


@settings(max_examples=300, deadline=None)
@given(scene=films)
def test_the_same_shot_and_bible_give_the_same_answer_and_it_survives_being_stored(
    scene: tuple[ShotPlanned, dict[str, Character]],
) -> None:
    asked, characters = scene
    if cast_rules.missing_from(asked, characters):
        return
    events = cast_rules.decide(asked, characters)
    stored = ShotPlanned.model_validate_json(asked.model_dump_json())
    kept = {one: Character.model_validate_json(entry.model_dump_json()) for one, entry in characters.items()}
    assert cast_rules.decide(stored, kept) == events
    assert unpack(pack(events)) == events
    assert len({event.event_id for event in events}) == len(events)


def _cast(asked: ShotPlanned, characters: dict[str, Character]) -> dict[str, CharacterConditioning]:
    found = cast_rules.condition(asked.shot, asked.project, characters)
    assert [one.character_id for one in found] == [member.character_id for member in asked.shot.cast]
    return {one.character_id: one for one in found}


@settings(max_examples=300, deadline=None)
@given(scene=films, another=st.integers(0, 2**32 - 1))
def test_nothing_of_one_character_reaches_another(
    scene: tuple[ShotPlanned, dict[str, Character]], another: int
) -> None:
    asked, characters = scene
    if len(characters) < 2 or cast_rules.missing_from(asked, characters):
        return
    chance = Chance(another)
    changed = chance.choice(list(characters))
    replaced = chance.character(changed)
    # How many visible characters have adapters is the one thing that the others may know.
    had = bool(cast_rules.adapters_of(characters[changed]))
    adapters: dict[str, Any] = {"embedding_id": "x"} if had else {"embedding_id": None, "loras": ()}
    replaced = replaced.model_copy(update=adapters)
    with_other = {**characters, changed: replaced}
    if cast_rules.missing_from(asked, with_other):
        return
    before, after = _cast(asked, characters), _cast(asked, with_other)
    for one in characters.keys() - {changed}:
        assert after[one] == before[one]
        own = characters[one]
        assert set(before[one].references) == set(own.reference_images)
        assert [lora.lora_id for lora in before[one].loras] == [lora.lora_id for lora in cast_rules.adapters_of(own)]
        assert before[one].seed == cast_rules.character_seed(asked.project, own)


kinds = slugs | st.sampled_from(sorted(TEMPLATES.templates))
places = st.builds(
    Location,
    id=st.just("grove"),
    name=names,
    description=names,
    location_type=kinds,
    landmarks=st.lists(visible_text, max_size=4).map(tuple),
    environment=features,
    atmosphere=features,
    template_id=st.none() | kinds,
    time_of_day=st.sampled_from(TimeOfDay),
    weather=st.sampled_from(Weather),
    season=st.sampled_from(Season),
    seed=seeds,
)


@settings(deadline=None)
@given(
    place=places,
    film_settings=projects,
    lighting=slugs,
    time=st.none() | st.sampled_from(TimeOfDay),
    weather=st.none() | st.sampled_from(Weather),
)
def test_any_place_can_be_shown_and_keeps_its_own_facts(
    place: Location, film_settings: ProjectSettings, lighting: str, time: TimeOfDay | None, weather: Weather | None
) -> None:
    asked = planned("SH010", settings=film_settings, lighting=lighting, time_of_day=time, weather=weather)
    shown = place_rules.condition_location(place, asked.shot, film_settings, TEMPLATES)
    assert shown == place_rules.condition_location(place, asked.shot, film_settings, TEMPLATES)
    assert shown.landmarks == place.landmarks
    assert place.environment.items() <= shown.environment.items()
    assert place.atmosphere.items() <= shown.atmosphere.items()
    assert type(shown).model_validate_json(shown.model_dump_json()) == shown


@given(st.builds(Variant, st.sampled_from(TimeOfDay), st.sampled_from(Weather), st.sampled_from(Season)), slugs)
def test_any_word_of_lighting_gives_a_light_within_its_ranges(variant: Variant, lighting: str) -> None:
    for sheltered in (False, True):
        place_rules.light_for(variant, lighting, sheltered=sheltered)


class Shuffled(FakeDocuments):
    """Every operation takes a drawn number of turns of the loop: all interleavings can happen."""

    def __init__(self, turns: list[int]) -> None:
        super().__init__()
        self._turns: Iterator[int] = cycle(turns or [0])

    async def turn(self) -> None:
        for _ in range(next(self._turns)):
            await asyncio.sleep(0)
        await super().turn()


SWEEP = "sweep"
turns_of_the_loop = st.lists(st.integers(0, 4), max_size=12)
casts: tuple[list[str], ...] = ([], ["radha"], ["krishna"], ["radha", "krishna"])
shots_planned = st.sampled_from([planned(f"SH{number}", cast=cast) for number in range(4) for cast in casts])
bible_defined = st.sampled_from(
    [defined(character(one, version=version)) for one in ("radha", "krishna") for version in (1, 2)]
)


def _shot(event: Event) -> str:
    assert isinstance(event, CharactersConditioned | ShotRejected)
    return event.run.shot.shot_id if isinstance(event, CharactersConditioned) else event.shot_id


@settings(deadline=None)
@given(
    script=st.lists(shots_planned | bible_defined | st.just(SWEEP), min_size=1, max_size=10),
    turns=turns_of_the_loop,
)
def test_every_shot_is_answered_once_under_any_interleaving_of_define_plan_and_sweep(
    script: list[Any], turns: list[int]
) -> None:
    async def scene() -> None:
        documents, clock = Shuffled(turns), FakeClock()
        replicas = [CharacterStage(documents, clock) for _ in range(2)]
        heard: Counter[tuple[str, str, str]] = Counter()

        async def act(stage: CharacterStage, message: Any) -> None:
            if message == SWEEP:
                clock.advance(BIBLE_WAIT_S / 2)
            events = await (stage.sweep() if message == SWEEP else stage.take(message))
            heard.update((_shot(event), event.TYPE, event.event_id) for event in events)

        # A planner sends a revision once, and every message comes once: repeats and conflicts are other laws.
        messages: list[Any] = []
        claimed: set[str] = set()
        for message in script:
            claim = message.shot.shot_id if isinstance(message, ShotPlanned) else getattr(message, "event_id", None)
            if claim is None or claim not in claimed:
                messages.append(message)
                claimed.add(str(claim))
        shots = [message.shot.shot_id for message in messages if isinstance(message, ShotPlanned)]
        await asyncio.gather(*(act(replicas[index % 2], message) for index, message in enumerate(messages)))
        for _ in range(3):
            await act(replicas[0], SWEEP)
        records = documents.collection("character_intake").docs.values()
        assert {doc["state"] for doc in records} <= {State.SETTLED.value}
        assert Counter(shot for shot, _, _ in heard) == Counter(shots)
        assert set(heard.values()) <= {1}

    asyncio.run(scene())


PARENT = planned("SH010", frames="start-end")
CHILD = planned("SH020", continuity_from="SH010", location_id="grove", props=["flute"], frames="start-end")
GRANDCHILD = planned("SH030", continuity_from="SH020")
LOOP = planned("SH010", continuity_from="SH030", revision=2)
story = st.lists(
    st.sampled_from(
        [
            *conditioned(PARENT),
            *conditioned(CHILD),
            *conditioned(GRANDCHILD),
            *conditioned(LOOP),
            defined(location()),
            defined(location(version=2)),
            defined(prop()),
            *(keyframe(run_of(PARENT, role)) for role in (FrameRole.START, FrameRole.END)),
            *(keyframe(run_of(CHILD, role)) for role in (FrameRole.START, FrameRole.END)),
            keyframe_failed(run_of(PARENT, FrameRole.END)),
            keyframe_failed(run_of(CHILD, FrameRole.START)),
            rejected(CHILD),
            rejected(LOOP),
            SWEEP,
        ]
    ),
    max_size=14,
)


@settings(deadline=None)
@given(script=story, turns=turns_of_the_loop)
def test_every_frame_gets_one_answer_and_every_wait_ends_whatever_happens_to_the_others(
    script: list[Any], turns: list[int]
) -> None:
    async def scene() -> None:
        documents, clock = Shuffled(turns), FakeClock()
        replicas = [LocationStage(documents, clock) for _ in range(2)]

        async def act(stage: LocationStage, message: Any) -> None:
            if message == SWEEP:
                clock.advance(BIBLE_WAIT_S)
            await (stage.sweep() if message == SWEEP else stage.take(message))

        await asyncio.gather(*(act(replicas[index % 2], message) for index, message in enumerate(script)))
        # A shot may sit out its own wait after that of each shot in line before it, and its last frame its first one's.
        for _ in range(6):
            clock.advance(CONTINUITY_WAIT_S)
            await act(replicas[0], SWEEP)
        records = documents.collection("location_runs").docs
        asked = {message.run.run_id for message in script if isinstance(message, CharactersConditioned)}
        assert records.keys() == asked
        for run_id, doc in records.items():
            assert doc["state"] in {State.SETTLED.value, State.DROPPED.value}
            assert len(doc["answer"]) == (1 if doc["state"] == State.SETTLED.value else 0)
            for event in unpack(doc["answer"]):
                assert isinstance(event, LocationConditioned | ShotRejected)
                if isinstance(event, LocationConditioned):
                    assert event.run.run_id == run_id
                    wanted = (event.run.frame_role is FrameRole.END) + (event.run.shot.continuity_from is not None)
                    assert len(event.continuity) + len(event.degradations) == wanted

    asyncio.run(scene())


@settings(deadline=None)
@given(script=story)
def test_repeating_the_whole_story_publishes_the_same_answers_again(script: list[Any]) -> None:
    async def scene() -> None:
        documents, clock = FakeDocuments(), FakeClock()

        async def tell() -> dict[str, str]:
            stage = LocationStage(documents, clock)
            heard: dict[str, str] = {}
            for message in script:
                for event in await (stage.sweep() if message == SWEEP else stage.take(message)):
                    text = event.model_dump_json()
                    assert heard.setdefault(event.event_id, text) == text
            return heard

        first = await tell()
        again = await tell()
        for event_id, text in first.items():
            assert again.get(event_id, text) == text
        answers = {
            event.event_id
            for doc in documents.collection("location_runs").docs.values()
            for event in unpack(doc["answer"])
        }
        assert first.keys() | again.keys() == answers

    asyncio.run(scene())
