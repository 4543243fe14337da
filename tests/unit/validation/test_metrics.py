"""The published measures, against values computed by hand."""

import itertools
import math

import numpy as np
import pytest

from services.validation.domain.metrics import film, identity
from services.validation.domain.metrics.assignment import best_matching
from services.validation.domain.metrics.film import Appearance
from services.validation.domain.metrics.similarity import cosines, pairwise

EAST, NORTH = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
NORTH_EAST = np.array([[1.0, 1.0]])
HALF = math.sqrt(0.5)


def turned(degrees: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def test_the_matching_is_the_best_of_all() -> None:
    """Greedy takes 9 and is left with 1; the best is 8 + 7."""
    assert best_matching(np.array([[9.0, 8.0], [7.0, 1.0]])) == ((0, 1), (1, 0))


@pytest.mark.parametrize("seed", range(20))
def test_the_matching_has_the_sum_that_trying_all_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(random.integers(1, 5), random.integers(1, 6)))
    few, many = sorted(values.shape)
    tall = values if values.shape[0] <= values.shape[1] else values.T
    best = max(sum(tall[row, place[row]] for row in range(few)) for place in itertools.permutations(range(many), few))
    assert sum(values[pair] for pair in best_matching(values)) == pytest.approx(best)


def test_a_matching_of_nothing_is_empty_and_of_no_number_an_error() -> None:
    assert best_matching(np.zeros((0, 3))) == ()
    with pytest.raises(ValueError, match="finite"):
        best_matching(np.array([[math.nan]]))


def test_cosines_don_t_depend_on_length_and_null_vectors_are_refused() -> None:
    assert cosines(3 * EAST, NORTH_EAST)[0, 0] == pytest.approx(HALF)
    assert pairwise(np.vstack([EAST, NORTH, NORTH_EAST])) == pytest.approx([0.0, HALF, HALF])
    with pytest.raises(ValueError, match="null"):
        cosines(np.zeros((1, 2)), EAST)


def test_every_character_gets_the_crop_that_leaves_the_best_for_the_others() -> None:
    crops = np.stack([turned(10), turned(40)])
    found = identity.matched(crops, {"mira": turned(20)[None], "radha": turned(0)[None]})
    assert {(item.character_id, item.crop) for item in found} == {("mira", 1), ("radha", 0)}
    assert identity.matched(crops, {"far": turned(170)[None]}, least=0.5) == ()
    assert identity.matched(np.zeros((0, 2)), {"mira": EAST}) == ()


def test_cids_cross_is_the_mean_over_characters_and_counts_who_never_appears_as_zero() -> None:
    crops = {"mira": np.vstack([EAST, NORTH_EAST])}
    assert identity.cids_cross(crops, {"mira": EAST}) == pytest.approx((1 + HALF) / 2)
    assert identity.cids_cross(crops, {"mira": EAST, "radha": NORTH}) == pytest.approx((1 + HALF) / 4)
    assert identity.cids_cross(crops, {}) is None


def test_cids_self_of_one_appearance_is_null_and_not_one() -> None:
    assert identity.cids_self({"mira": EAST}) is None
    assert identity.cids_self({"mira": np.vstack([EAST, NORTH_EAST]), "radha": NORTH}) == pytest.approx(HALF)


def test_on_stage_count_follows_the_published_formula_and_counts_empty_shots() -> None:
    assert identity.count_match(2, 2) == pytest.approx(100.0)
    assert identity.count_match(1, 2) == pytest.approx(100 * math.exp(-0.5))
    assert identity.count_match(1, 0) == pytest.approx(100 * math.exp(-1))
    assert identity.on_stage_match([(0, 0), (1, 0)]) == pytest.approx((100 + 100 * math.exp(-1)) / 2)
    assert identity.on_stage_match([]) is None


def test_a_pasted_reference_is_told_from_its_mirror_image() -> None:
    assert identity.copied(0.8, 0.8) == pytest.approx(0.5)
    assert identity.copied(0.81, 0.80) == pytest.approx(1 / (1 + math.exp(-1)))
    assert identity.copied(1.0, 0.6) > 0.999
    assert identity.copied(-1.0, 1.0) == pytest.approx(0.0)


def shots(*degrees: float, fidelity: float | None = None) -> list[Appearance]:
    return [Appearance(f"sh{place}", place, turned(angle), fidelity) for place, angle in enumerate(degrees)]


def test_the_shot_farthest_from_the_centroid_is_named() -> None:
    """Two to the east and one to the north: the centroid is (2/3, 1/3)."""
    found = film.consistency(shots(0, 0, 90))
    near, far = 2 / math.sqrt(5), 1 / math.sqrt(5)
    assert found.worst_shot == "sh2"
    assert found.least == pytest.approx(far)
    assert found.mean == pytest.approx((2 * near + far) / 3)
    assert found.median == pytest.approx(0.0)
    assert [shot for shot, _ in found.by_shot] == ["sh0", "sh1", "sh2"]


def test_one_appearance_has_no_consistency() -> None:
    found = film.consistency(shots(0))
    assert (found.counted, found.mean, found.least, found.worst_shot) == (1, None, None, None)


def test_an_appearance_below_the_gate_is_named_and_not_counted() -> None:
    poor = Appearance("sh9", 9, turned(90), 0.49)
    found = film.consistency([*shots(0, 0, fidelity=0.5), poor])
    assert (found.counted, found.gated) == (2, ("sh9",))
    assert found.mean == pytest.approx(1.0)


def test_likeness_is_told_by_the_gap_between_shots() -> None:
    assert dict(film.decay(shots(0, 0, 90))) == pytest.approx({1: 0.5, 2: 0.0})


def test_style_is_compared_over_all_pairs() -> None:
    assert film.style_self(np.vstack([EAST, EAST, NORTH])) == pytest.approx(1 / 3)
    assert film.style_self(EAST) is None
    assert film.gram(np.array([[1.0, 2.0], [3.0, 0.0]])) == pytest.approx([5.0, 1.0, 2.0])
