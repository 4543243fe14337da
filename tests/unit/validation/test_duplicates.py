"""Two shots that look the same are noticed; a shot's own takes, roles and continuity are not."""

import numpy as np
from numpy.typing import NDArray

from schemas.validation import Outcome
from services.validation.domain import duplicates
from services.validation.domain.duplicates import MOST_BITS, Fingerprint, Neighbour
from services.validation.domain.frame import Limits, Wanted, decoded
from services.validation.domain.thresholds import Thresholds
from tests.fakes.frames import encoded, scenery

LIMITS = Thresholds()


def print_of(pixels: NDArray[np.uint8], kind: str = "PNG") -> Fingerprint:
    frame = decoded(encoded(pixels, kind), Wanted(1, 1, "0" * 64, 1), Limits())
    assert frame.picture is not None
    found = duplicates.fingerprint(frame.picture)
    assert found is not None
    return found


def test_the_same_picture_recompressed_or_scaled_is_a_near_duplicate() -> None:
    own = print_of(scenery(640, 360))
    other = Neighbour("sh9", "SH9", print_of(scenery(640, 360)[::2, ::2], "JPEG"))
    score = duplicates.near_duplicate(own, [other], LIMITS)
    assert score.outcome is Outcome.WARNED
    assert score.detail == "looks like the frame of shot SH9"
    assert score.value is not None


def test_different_pictures_are_none() -> None:
    own = print_of(scenery(seed=1))
    others = [Neighbour(f"s{seed}", f"S{seed}", print_of(scenery(seed=seed))) for seed in range(2, 40)]
    score = duplicates.near_duplicate(own, others, LIMITS)
    assert (score.outcome, score.value) == (Outcome.PASSED, None)


def test_the_same_layout_in_another_light_is_none() -> None:
    day = scenery()
    night = (day * 0.4).astype(np.uint8)
    score = duplicates.near_duplicate(print_of(day), [Neighbour("n", "N", print_of(night))], LIMITS)
    assert score.outcome is Outcome.PASSED


def test_without_a_fingerprint_nothing_is_measured() -> None:
    assert duplicates.near_duplicate(None, [], LIMITS).outcome is Outcome.NOT_MEASURED


def test_a_picture_smaller_than_the_grid_has_no_fingerprint() -> None:
    frame = decoded(encoded(scenery(8, 8)), Wanted(8, 8, "0" * 64, 1), Limits())
    assert frame.picture is not None
    assert duplicates.fingerprint(frame.picture) is None


def test_hashes_within_the_allowed_distance_always_share_a_band() -> None:
    random = np.random.default_rng(5)
    own = print_of(scenery())
    for _ in range(300):
        flipped = own.bits
        for place in random.choice(288, MOST_BITS, replace=False):
            flipped ^= 1 << int(place)
        assert set(own.bands) & set(Fingerprint(flipped, own.colour).bands)
