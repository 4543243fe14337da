"""Rules of the storyboard artist that hold for any shot."""

import colorsys
import io
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from services.generation.providers.previz import vocabulary as words
from services.generation.providers.previz.backend import available_backend
from services.generation.providers.previz.colours import TABLE
from services.generation.providers.previz.display_list import Begin, DisplayList, Role, Shape
from services.generation.providers.previz.drawing import blocked, compose, composed, guide_passes, render
from services.generation.providers.previz.guides import keypoints
from services.generation.providers.previz.places.catalogue import KITS, layout_of
from services.generation.providers.previz.scene import PrevizCharacter, PrevizLocation, PrevizScene
from services.generation.providers.previz.staging import SAFE, head_box

# A scene is drawn whole for each try: shrinking one would take minutes and tell little.
PLAIN: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}

FRAMES = st.sampled_from([(1024, 576), (576, 1024), (1024, 428), (768, 768), (800, 600), (640, 800)])
ACTIONS = st.sampled_from(
    [
        "walks",
        "runs",
        "sits",
        "talks",
        "looks up",
        "embraces her",
        "fights",
        "falls",
        "holds a lantern",
        "kneels",
        "dances",
        "",
    ]
)
PEOPLE = st.builds(
    PrevizCharacter,
    id=st.uuids().map(str),
    seed=st.integers(0, 2**32),
    body=st.sampled_from(["", "tall and lean", "stocky", "petite"]),
    age=st.sampled_from(["", "7", "elderly", "35", "teen"]),
    garments=st.sampled_from([("red coat",), ("gold sari",), ("grey suit", "blue tie"), ()]),
    accessories=st.sampled_from([(), ("fedora",), ("crown",)]),
    action=ACTIONS,
)
PLACES = st.builds(
    PrevizLocation, id=st.sampled_from(["a", "b"]), seed=st.integers(0, 99), name=st.sampled_from(sorted(KITS))
)


@st.composite
def scenes(draw: st.DrawFn, *, least: int = 1, most: int = 4) -> PrevizScene:
    width, height = draw(FRAMES)
    return PrevizScene(
        width=width,
        height=height,
        seed=draw(st.integers(0, 2**32)),
        frame_role=draw(st.sampled_from(["single", "start"])),
        shot_size=draw(st.sampled_from(sorted(set(words.SIZES) - {"insert"}))),
        coverage=draw(st.sampled_from(sorted(set(words.COVERAGES) - {"insert"}))),
        angle=draw(st.sampled_from(words.ANGLES)),
        facing=draw(st.sampled_from(("", *words.FACINGS))),
        composition=draw(st.sampled_from(words.COMPOSITIONS)),
        lens_mm=draw(st.sampled_from([None, None, 24.0, 35.0, 85.0])),
        characters=tuple(draw(st.lists(PEOPLE, min_size=least, max_size=most, unique_by=lambda p: p.id))),
        location=draw(PLACES),
        movement=draw(st.sampled_from(words.MOVEMENTS)),
        time_of_day=draw(st.sampled_from(words.TIMES)),
        weather=draw(st.sampled_from(words.WEATHERS)),
    )


@settings(max_examples=120, **PLAIN)
@given(scenes())
def test_every_named_head_is_inside_the_safe_area(scene: PrevizScene) -> None:
    staged = blocked(scene)
    for person in staged.people:
        left, top, right, bottom = head_box(staged.camera, person)
        assert left >= SAFE * scene.width - 1
        assert right <= (1 - SAFE) * scene.width + 1
        assert top >= SAFE * scene.height - 1
        assert bottom <= (1 - SAFE) * scene.height + 1


@settings(max_examples=60, **PLAIN)
@given(scenes())
def test_every_head_stays_in_frame_when_the_camera_has_moved(scene: PrevizScene) -> None:
    staged = blocked(scene.model_copy(update={"frame_role": "end"}))
    for person in staged.people:
        left, top, right, bottom = head_box(staged.camera, person)
        assert left >= 0
        assert top >= 0
        assert right <= scene.width
        assert bottom <= scene.height


@settings(max_examples=80, **PLAIN)
@given(scenes())
def test_the_lead_has_the_height_of_the_shot_size(scene: PrevizScene) -> None:
    staged = blocked(scene)
    lead = staged.people[staged.lead]
    depth = staged.camera.depth(lead.bones["head"])
    share = lead.actor.build.stature * staged.camera.scale(depth) / scene.height
    size = words.SIZES[scene.shot_size]
    assert size.low - 1e-6 <= share <= size.high + 1e-6


@settings(max_examples=80, **PLAIN)
@given(scenes())
def test_the_horizon_lies_where_the_angle_puts_it(scene: PrevizScene) -> None:
    row = blocked(scene).camera.horizon / scene.height
    low, high = {
        "eye-level": (0.25, 0.60),
        "dutch": (0.25, 0.60),
        "low-angle": (0.50, 9.0),
        "worms-eye": (0.50, 9.0),
        "high-angle": (-9.0, 0.42),
        "birds-eye": (-99.0, 0.10),
    }[scene.angle]
    assert low <= row <= high


ALIKE = {"office", "vehicle", "temple", "room", "corridor", "bedroom", "ward", "cell", "court", "stage"}
"""Kits of which two seeds may differ in nothing, or in a colour that both happened to draw."""


@given(PLACES, st.integers(0, 99))
@settings(max_examples=20, **PLAIN)
def test_a_location_is_laid_out_the_same_for_every_shot(place: PrevizLocation, seed: int) -> None:
    again = PrevizLocation.model_validate(place.model_dump())
    assert layout_of(place).digest() == layout_of.__wrapped__(again).digest()
    other = place.model_copy(update={"seed": place.seed + 1 + seed})
    if place.name not in ALIKE:
        assert layout_of.__wrapped__(other).digest() != layout_of(place).digest()


TOLD = {name: TABLE[name] for name in ("red", "gold", "emerald", "blue", "purple")}


@pytest.mark.parametrize("style", sorted(set(words.STYLES) - {"noir"}))
@pytest.mark.parametrize("name", sorted(TOLD))
def test_attire_colours_are_in_the_picture(style: str, name: str) -> None:
    hours = ["noon", "dusk", "night", "golden-hour", "blue-hour", "overcast"]
    turn = sorted(TOLD).index(name) + sorted(words.STYLES).index(style)
    person = PrevizCharacter(id=name, seed=turn, garments=(f"{name} coat", f"{name} trousers"))
    scene = PrevizScene(
        width=256,
        height=144,
        seed=turn,
        style=style,
        shot_size="medium-wide",
        time_of_day=hours[turn % len(hours)],
        characters=(person,),
        location=PrevizLocation(id="p", seed=1, name=sorted(KITS)[turn % len(KITS)]),
    )
    mask = _pixels(guide_passes(scene).masks[name])[..., 0] > 128
    shown = _pixels(render(scene))[mask]
    assert _share_of_hue(shown, TOLD[name]) > 0.10


def _share_of_hue(pixels: npt.NDArray[np.uint8], colour: tuple[float, float, float]) -> float:
    """Share of pixels within 30 degrees of a colour's hue that are not grey."""
    wanted = colorsys.rgb_to_hsv(*(c / 255 for c in colour))[0]
    hits = 0
    for r, g, b in pixels:
        hue, saturation, _ = colorsys.rgb_to_hsv(r / 255, g / 255, b / 255)
        away = abs((hue - wanted + 0.5) % 1.0 - 0.5) * 360
        hits += away < 30 and saturation > 0.22
    return hits / max(1, len(pixels))


@settings(max_examples=8, **PLAIN)
@given(scenes(most=2))
def test_guides_are_registered_to_the_frame_within_a_pixel(scene: PrevizScene) -> None:
    scene = scene.model_copy(update={"width": 320, "height": 180})
    frame, guides = composed(scene), guide_passes(scene)
    assert {_size(guides.depth), _size(guides.pose), _size(guides.lineart)} == {(320, 180)}
    backend = available_backend()
    bodies = _bodies(frame.drawing, "")
    for person in frame.stage.people:
        mask = _pixels(guides.masks[person.actor.id])[..., 0] > 128
        with_person = backend.rasterise(bodies, antialias=False).astype(int)
        without = backend.rasterise(_bodies(frame.drawing, person.actor.id), antialias=False).astype(int)
        differs = np.abs(with_person - without).max(axis=2) > 0
        assert not (differs & ~_grown(mask)).any()
        head = person.bones["head"]
        x, y = frame.stage.camera.project(head)
        if len(frame.stage.people) == 1:
            assert mask[round(y), round(x)]
        points = keypoints(frame.stage.camera, person)
        assert len(points) == 18
        assert points[1] == frame.stage.camera.project(person.bones["neck"])


def _bodies(drawing: DisplayList, without: str) -> DisplayList:
    def kept(op: object) -> bool:
        if not isinstance(op, Shape):
            return True
        return op.role is Role.BODY and (not without or op.tag.owner != without)

    ops = tuple(op for op in drawing.ops if kept(op))
    plain = tuple(Begin(op.clip, op.without) if isinstance(op, Begin) else op for op in ops)
    return replace(drawing, ops=plain)


def _grown(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    grown = mask.copy()
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            grown |= np.roll(mask, (dy, dx), (0, 1))
    return grown


def _pixels(png: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGB"))


def _size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as image:
        return image.size


@settings(max_examples=40, **PLAIN)
@given(st.text(max_size=200), st.text(max_size=200), st.integers(64, 300), st.integers(64, 300))
def test_any_words_give_a_drawing(a: str, b: str, width: int, height: int) -> None:
    person = PrevizCharacter(
        id=a, name=b, description=a, body=b, age=a, skin=b, hair=a, garments=(a, b), colours=(b,), accessories=(a,),
        props=(b,), action=a, expression=b, static_features=(a,),
    )  # fmt: skip
    place = PrevizLocation(id=a, name=b, description=a, location_type=b, landmarks=(a, b), palette=(a,))
    scene = PrevizScene(
        width=width, height=height, style=a, shot_size=b, coverage=a, angle=b, facing=a, movement=b, composition=a,
        characters=(person,), location=place, time_of_day=a, weather=b, season=a, lighting=b, mood=a, action=b,
        description=a, prop_in_focus=b, frame_role=a,
    )  # fmt: skip
    assert compose(scene).digest() == compose(scene).digest()
