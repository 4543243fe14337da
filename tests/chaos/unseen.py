"""A film of which the bible has not one picture: its sheets, plates and prop views are made first, then its shots."""

import random
from typing import Final

from schemas.bible import Character, CharacterDefined, Costume, Location, LocationDefined, Prop, PropDefined
from schemas.project import ReferencePolicy
from schemas.shot import Shot, ShotPlanned
from schemas.vocabulary import FramePlan, TimeOfDay, Weather
from tests import builders
from tests.chaos.film import MODELS, PROJECT, Film

_DAY, _NIGHT = "sc-day", "sc-night"
_RADHA = Character(
    id="radha",
    name="Radha",
    description="Graceful and full of longing",
    appearance={"hair": "long black hair"},
    wardrobe=(
        Costume(costume_id="day", description="a red sari"),
        Costume(costume_id="moonlit", description="a white shawl", scenes=(_NIGHT,)),
    ),
)
_KRISHNA = Character(
    id="krishna",
    name="Krishna",
    description="A cowherd with a peacock feather",
    wardrobe=(Costume(costume_id="yellow", description="a yellow dhoti"),),
)
_GROVE = Location(
    id="grove",
    name="The Grove",
    description="Old trees in a ring",
    location_type="exterior",
    time_of_day=TimeOfDay.NOON,
)
_RIVER = Location(
    id="river", name="The River", description="Wide, slow water", location_type="exterior", time_of_day=TimeOfDay.DUSK
)
_FLUTE = Prop(id="flute", name="Flute", description="A bamboo flute with seven holes")

#: Subject, entity and variant of every reference that the film needs: written down, not worked out.
WANTED: Final = frozenset(
    {
        ("character_sheet", "radha", "day"),
        ("character_sheet", "radha", "moonlit"),
        ("character_sheet", "krishna", "yellow"),
        ("location_plate", "grove", "noon/clear/summer"),
        ("location_plate", "grove", "night/rain/summer"),
        ("location_plate", "river", "dusk/clear/summer"),
        ("prop_view", "flute", ""),
    }
)
#: What the shots show, in turn; together, all that is wanted.
_TURNS: Final = (
    (_DAY, ("radha",), "grove", ()),
    (_NIGHT, ("radha", "krishna"), "grove", ()),
    (_DAY, ("krishna",), "river", ("flute",)),
    (_DAY, ("radha", "krishna"), "river", ()),
    (_NIGHT, (), "grove", ("flute",)),
)
LEAST_SHOTS: Final = len(_TURNS)


def make(seed: int, shots: int) -> Film:
    """The film of a seed, `shots` long; the same on every machine.

    Raises:
        ValueError: too short to need all that is wanted.
    """
    if shots < LEAST_SHOTS:
        raise ValueError(f"shots: {shots}, allowed for a film without references is {LEAST_SHOTS} or more")
    rng = random.Random(f"unseen {seed}")
    settings = builders.project(
        project_id=PROJECT, title="Unseen", width=256, height=144, references=ReferencePolicy.FIRST
    )
    planned = [ShotPlanned(project=settings, shot=_shot(rng, number)) for number in range(shots)]
    frames = tuple((item.shot.shot_id, role.value) for item in planned for role in item.shot.frames.roles)
    rng.shuffle(planned)
    bible = (
        *(CharacterDefined(project_id=PROJECT, character=item) for item in (_RADHA, _KRISHNA)),
        *(LocationDefined(project_id=PROJECT, location=item) for item in (_GROVE, _RIVER)),
        PropDefined(project_id=PROJECT, prop=_FLUTE),
    )
    return Film(bible, tuple(planned), frames, WANTED)


def _shot(rng: random.Random, number: int) -> Shot:
    scene, cast, place, props = _TURNS[number % len(_TURNS)]
    night = {"time_of_day": TimeOfDay.NIGHT, "weather": Weather.RAIN} if scene == _NIGHT else {}
    return builders.shot(
        shot_id=f"sh{number:04d}",
        scene_id=scene,
        shot_number=number + 1,
        story_order=number,
        cast=cast,
        location_id=place,
        props=props,
        shot_size=rng.choice(("wide", "medium", "close-up")),
        frames=FramePlan.START_END if rng.random() < 0.2 else FramePlan.SINGLE,
        model=rng.choice(MODELS),
        **night,
    )
