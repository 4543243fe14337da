"""A film to make: cheap frames, several scenes, some shots with start and end frames, some in a hurry."""

import random
from dataclasses import dataclass

from schemas.base import Event
from schemas.bible import CharacterDefined, LocationDefined
from schemas.shot import Shot, ShotPlanned
from schemas.vocabulary import FramePlan
from tests import builders

PROJECT = "chaos"
MODELS = ("chaos-sync", "chaos-async")
_SHOTS_PER_SCENE = 25
_SIZES = ("wide", "medium", "close-up", "medium-close-up", "full")
_MOODS = ("peaceful", "tense", "neutral")

#: The router's catalogue: one model that answers at once, one that gives out jobs.
CATALOGUE = """\
version: chaos
models:
  - &model
    model: chaos-sync
    provider: chaos
    dialects: [natural]
    prompt_max_chars: 40000
    sizes: {kind: range, min_side: 64, max_side: 1024, max_pixels: 1048576}
    seed: {}
    negative_prompt: true
    references: {max: 4, strength: true}
    styles: {"*": 0.8}
    cost_usd_micros: 40000
    latency_s: 1
  - <<: *model
    model: chaos-async
"""


@dataclass(frozen=True, slots=True)
class Film:
    """What the planner publishes, and what must come of it.

    Attributes:
        bible: its characters and places.
        shots: in the order of publishing.
        frames: every planned frame as (shot id, role).
        wanted: every reference that must be made first, as (subject, entity, variant); none where nobody waits.
    """

    bible: tuple[Event, ...]
    shots: tuple[ShotPlanned, ...]
    frames: tuple[tuple[str, str], ...]
    wanted: frozenset[tuple[str, str, str]] = frozenset()


def make(seed: int, shots: int) -> Film:
    """The film of a seed, `shots` long; the same on every machine."""
    rng = random.Random(f"film {seed}")
    settings = builders.project(project_id=PROJECT, title="Chaos", width=256, height=144)
    planned = [ShotPlanned(project=settings, shot=_shot(rng, number)) for number in range(shots)]
    frames = tuple((item.shot.shot_id, role.value) for item in planned for role in item.shot.frames.roles)
    rng.shuffle(planned)
    bible = (
        CharacterDefined(project_id=PROJECT, character=builders.RADHA),
        LocationDefined(project_id=PROJECT, location=builders.FOREST),
    )
    return Film(bible, tuple(planned), frames)


def _shot(rng: random.Random, number: int) -> Shot:
    scene = number // _SHOTS_PER_SCENE
    return builders.shot(
        shot_id=f"sh{number:04d}",
        scene_id=f"sc{scene:03d}",
        shot_number=number % _SHOTS_PER_SCENE + 1,
        story_order=number,
        shot_size=rng.choice(_SIZES),
        mood=rng.choice(_MOODS),
        frames=FramePlan.START_END if rng.random() < 0.2 else FramePlan.SINGLE,
        priority=90 if rng.random() < 0.1 else 50,
        model=rng.choice(MODELS),
    )
