"""What the checks on colour and gradients say about pictures whose colours are known."""

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.bible import ReferenceImage
from schemas.validation import Outcome, Score
from schemas.vocabulary import ShotSize, TimeOfDay
from services.validation.domain import scoring
from services.validation.domain.banding import false_contours
from services.validation.domain.colour_names import colours_in
from services.validation.domain.colours import colours_of, oklab
from services.validation.domain.frame import Limits, Wanted, decoded
from services.validation.domain.intent import Attire, Intent, Plate, intent_of, plate_to_compare
from services.validation.domain.palette import distance, palette_of
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests.fakes.frames import announced, encoded, scenery
from tests.fakes.requests import a_character, a_location

SCORERS = technical_scorers(Thresholds())
Pixels = NDArray[np.uint8]


def painted(*colours: tuple[int, int, int]) -> Pixels:
    """Upright stripes of equal width."""
    row = np.repeat(np.array(colours, dtype=np.uint8), 320 // len(colours), axis=0)
    return np.ascontiguousarray(np.broadcast_to(row, (180, *row.shape)))


def score_of(check: str, pixels: Pixels, intent: Intent) -> Score:
    data = encoded(pixels)
    size = (pixels.shape[1], pixels.shape[0])
    wanted = Wanted(*size, hashlib.sha256(data).hexdigest(), len(data), intent)
    scores = scoring.score_all(decoded(data, wanted, Limits()), SCORERS)
    return next(score for score in scores if score.check == check)


def wearing(*words: str, size: ShotSize = ShotSize.MEDIUM, style: str = "cinematic", lighting: str = "") -> Intent:
    return Intent(style, lighting, size, tuple(Attire(f"nr {n}", colours_in(word)) for n, word in enumerate(words)))


RED, GREY, BLUE = (190, 45, 50), (128, 128, 128), (40, 95, 180)


def test_oklab_is_that_of_its_author() -> None:
    assert oklab(np.array([255, 255, 255])) == pytest.approx([1, 0, 0], abs=1e-3)
    assert oklab(np.array([255, 0, 0])) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


def test_the_distance_of_two_flat_pictures_is_that_of_their_colours_and_of_the_same_is_none() -> None:
    red, blue = (palette_of(colours_of(painted(colour))) for colour in (RED, BLUE))
    assert distance(red, red) == 0.0
    assert distance(red, blue) == pytest.approx(float(np.linalg.norm(red.colours[0] - blue.colours[0])))
    assert distance(red, blue) == distance(blue, red)


def test_another_place_is_warned_about_and_the_same_seen_closer_is_not() -> None:
    plate = Plate(palette_of(colours_of(painted(RED, GREY))), "")
    intent = Intent("cinematic", "", ShotSize.WIDE, (), plate)
    assert score_of("palette", painted(RED, GREY, GREY, GREY), intent).outcome is Outcome.PASSED
    assert score_of("palette", painted(BLUE, (20, 120, 40)), intent).outcome is Outcome.WARNED


@pytest.mark.parametrize(("style", "size"), [("noir", ShotSize.WIDE), ("cinematic", ShotSize.INSERT)])
def test_a_palette_that_proves_nothing_is_null(style: str, size: ShotSize) -> None:
    intent = Intent(style, "", size, (), Plate(palette_of(colours_of(painted(RED))), ""))
    assert (score := score_of("palette", painted(BLUE), intent)).value is None
    assert score.outcome is Outcome.NOT_MEASURED


def test_colours_worn_pass_and_one_of_them_missing_is_warned_about() -> None:
    intent = wearing("red and blue")
    assert score_of("attire-colours", painted(RED, GREY), intent).outcome is Outcome.PASSED
    assert score_of("attire-colours", painted(BLUE, GREY), intent).outcome is Outcome.WARNED


def test_a_character_without_any_of_its_colours_fails_the_frame() -> None:
    score = score_of("attire-colours", painted(RED, GREY), wearing("red", "blue"))
    assert (score.outcome, score.value) == (Outcome.FAILED, 0.0)
    assert score.detail == "no colour that nr 1 wears is seen, blue first"


def test_a_close_up_that_cuts_off_the_clothes_is_warned_about() -> None:
    score = score_of("attire-colours", painted(RED, GREY), wearing("blue", size=ShotSize.CLOSE_UP))
    assert (score.outcome, score.value) == (Outcome.WARNED, 0.0)


@pytest.mark.parametrize(
    "intent",
    [
        wearing("red", style="noir"),
        wearing("red", lighting="silhouette"),
        wearing("red", size=ShotSize.EXTREME_CLOSE_UP),
        wearing("charcoal"),
        wearing("tan"),
        Intent(shot_size=ShotSize.MEDIUM),
    ],
)
def test_attire_that_can_not_be_seen_is_null(intent: Intent) -> None:
    score = score_of("attire-colours", painted(BLUE, GREY), intent)
    assert (score.outcome, score.value) == (Outcome.NOT_MEASURED, None)


def test_only_the_visible_cast_wears_anything() -> None:
    cast = (a_character(), a_character("krishna", visible=False))
    assert [attire.name for attire in intent_of(announced(b"x", cast=cast), Plate()).attire] == ["Radha"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("deep emerald green", ["emerald"]),
        ("red silk with gold border", ["red", "gold"]),
        ("faded blue", ["faded blue"]),
        ("#c22f35", ["#c22f35"]),
        ("", []),
        ("worn", []),
    ],
)
def test_colours_are_found_in_words(text: str, names: list[str]) -> None:
    assert [colour.name for colour in colours_in(text)] == names


def test_only_a_plate_of_the_same_light_is_compared() -> None:
    dusk, noon = (ReferenceImage(uri=f"s3://ice/{time}.png", time_of_day=time) for time in ("dusk", "noon"))
    place = a_location(time_of_day=TimeOfDay.DUSK, references=(noon, dusk))
    assert plate_to_compare(place) == dusk
    assert isinstance(plate_to_compare(a_location(references=(noon,))), str)
    assert isinstance(plate_to_compare(None), str)


def test_a_gradient_in_steps_is_warned_about_and_a_smooth_or_noisy_one_is_not() -> None:
    smooth = np.broadcast_to(np.linspace(60, 120, 180)[:, None, None], (180, 320, 3))
    banded = smooth // 8 * 8
    noisy = banded + np.random.default_rng(1).normal(0, 3, (180, 320, 3))
    found = [score_of("banding", p.astype(np.uint8), Intent()).outcome for p in (smooth, banded, noisy)]
    assert found == [Outcome.PASSED, Outcome.WARNED, Outcome.PASSED]
    assert score_of("banding", banded.astype(np.uint8), Intent("comic")).outcome is Outcome.NOT_MEASURED


def test_banding_is_null_where_there_is_no_room_for_a_step() -> None:
    assert false_contours(scenery(8, 8)[:, :, 0]) is None
