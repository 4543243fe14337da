"""Colours that nobody brings, places without their colours, and pasted references, on pictures made of numbers."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.validation import Outcome, Score
from schemas.vocabulary import ShotSize
from services.validation.domain.frame import Frame, Limits, Picture, Wanted, decoded
from services.validation.domain.intent import Intent
from services.validation.domain.known_colours import KnownColours
from services.validation.domain.pastes import Pastes, Searched
from services.validation.domain.references import sight_of, small_luma
from services.validation.domain.thresholds import Thresholds
from tests.fakes.frames import encoded, scenery

Pixels = NDArray[np.uint8]
WALL, COAT, PINK, SEA = (150, 140, 120), (170, 40, 40), (240, 90, 200), (30, 90, 160)


def picture(pixels: Pixels) -> Picture:
    data = encoded(pixels)
    found = decoded(data, Wanted(1, 1, "", len(data)), Limits()).picture
    assert found is not None
    return found


def plain(colour: tuple[int, int, int], patch: tuple[int, int, int] | None = None, side: int = 40) -> Pixels:
    pixels = np.full((180, 320, 3), colour, dtype=np.uint8)
    if patch is not None:
        pixels[60 : 60 + side, 100 : 100 + side] = patch
    return pixels


INTENT = Intent(
    style="cinematic",
    shot_size=ShotSize.FULL,
    plates=(sight_of(picture(plain(WALL))),),
    cast=(("Mira", (sight_of(picture(plain((90, 90, 90), COAT))),)),),
    drawn=True,
)


def measured(pixels: Pixels, intent: Intent = INTENT) -> tuple[Score, Score]:
    found = picture(pixels)
    one, other = KnownColours(Thresholds()).measure(found, Frame(Wanted(1, 1, "", 1, intent), found, "", None, None))
    return one, other


def test_colours_of_place_and_people_are_explained() -> None:
    strange, place = measured(plain(WALL, COAT))
    assert (strange.outcome, strange.value) == (Outcome.PASSED, 0.0)
    assert place.outcome is Outcome.PASSED
    assert place.value == pytest.approx(1 - 1600 / 57600, abs=0.02)


def test_a_patch_of_a_colour_from_nowhere_fails_a_drawing_and_warns_about_a_picture() -> None:
    strange, _ = measured(plain(WALL, PINK))
    assert strange.outcome is Outcome.FAILED
    assert strange.value == pytest.approx(0.02, abs=0.012)
    strange, _ = measured(plain(WALL, PINK), replace(INTENT, drawn=False))
    assert strange.outcome is Outcome.WARNED


def test_specks_are_no_thing() -> None:
    pixels = plain(WALL)
    pixels[::16, ::16] = PINK
    assert measured(pixels)[0].outcome is Outcome.PASSED


def test_a_frame_without_its_places_colours_was_taken_elsewhere() -> None:
    _, place = measured(plain(SEA, COAT))
    assert (place.outcome, place.value) == (Outcome.FAILED, 0.0)


@pytest.mark.parametrize(
    "intent",
    [
        replace(INTENT, plates=()),
        replace(INTENT, cast=(("Mira", ()),)),
        replace(INTENT, style="noir"),
        replace(INTENT, shot_size=ShotSize.INSERT),
    ],
    ids=["no-plate", "no-reference", "no-colour", "a-detail"],
)
def test_what_can_not_be_known_is_null(intent: Intent) -> None:
    assert {score.outcome for score in measured(plain(SEA, PINK), intent)} == {Outcome.NOT_MEASURED}


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_pasted_reference_is_found_at_any_size_and_mirrored(share: float, mirrored: bool) -> None:
    reference, frame = picture(scenery(320, 180, seed=5)), scenery(320, 180, seed=9)
    small = np.asarray(reference.image.resize((round(320 * share), round(180 * share))))
    frame[10 : 10 + small.shape[0], 20 : 20 + small.shape[1]] = small[:, ::-1] if mirrored else small
    found = picture(frame)
    for drawn, outcome in ((True, Outcome.FAILED), (False, Outcome.WARNED)):
        intent = Intent(cast=(("Mira", (sight_of(reference),)),), drawn=drawn)
        (score,) = Pastes(Thresholds()).measure(found, Frame(Wanted(1, 1, "", 1, intent), found, "", None, None))
        assert score.outcome is outcome, score


def test_another_picture_is_no_paste_and_a_flat_one_matches_nothing() -> None:
    frame = small_luma(picture(scenery(320, 180, seed=9)))
    searched = Searched(frame)
    assert searched.best_match(sight_of(picture(scenery(320, 180, seed=5)))) < 0.9
    assert searched.best_match(sight_of(picture(plain(WALL)))) == 0.0


def test_without_references_nothing_can_have_been_pasted() -> None:
    found = picture(scenery())
    (score,) = Pastes(Thresholds()).measure(found, Frame(Wanted(1, 1, "", 1), found, "", None, None))
    assert (score.outcome, score.value) == (Outcome.NOT_MEASURED, None)
