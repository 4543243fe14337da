"""What each technical check says about pictures whose faults are known."""

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from schemas.validation import Outcome, Score, Verdict
from services.validation.domain import scoring
from services.validation.domain.frame import Frame, Limits, Wanted, decoded, missing
from services.validation.domain.technical import laplacian_variance, luma_entropy, mean_and_deviation, technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests.fakes.frames import encoded, scenery

SCORERS = technical_scorers(Thresholds())
Pixels = NDArray[np.uint8]


def frame_of(data: bytes, width: int = 320, height: int = 180) -> Frame:
    wanted = Wanted(width, height, hashlib.sha256(data).hexdigest(), len(data))
    return decoded(data, wanted, Limits())


def scores_of(frame: Frame) -> dict[str, Score]:
    return {score.check: score for score in scoring.score_all(frame, SCORERS)}


def outcomes_of(pixels: Pixels) -> dict[str, Outcome]:
    height, width = pixels.shape[:2]
    return {name: score.outcome for name, score in scores_of(frame_of(encoded(pixels), width, height)).items()}


def flat(colour: int, width: int = 320, height: int = 180) -> Pixels:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def test_a_good_frame_passes_every_check() -> None:
    outcomes = outcomes_of(scenery())
    of_references = {"palette", "attire-colours", "unexplained-colours", "place-colours", "copy-paste"}
    assert {name for name, found in outcomes.items() if found is not Outcome.PASSED} == of_references
    assert {outcomes[name] for name in of_references} == {Outcome.NOT_MEASURED}
    assert list(outcomes) == [
        "decodes",
        "intact",
        "exact-size",
        "exact-aspect",
        "not-blank",
        "clipped-blacks",
        "clipped-whites",
        "mean-luma",
        "sharpness",
        "stray-border",
        "banding",
        "palette",
        "attire-colours",
        "unexplained-colours",
        "place-colours",
        "copy-paste",
    ]


def test_every_scorer_answers_exactly_its_checks_with_and_without_a_picture() -> None:
    wanted = Wanted(320, 180, "0" * 64, 1)
    for scorer in SCORERS:
        for frame in (frame_of(encoded(scenery())), frame_of(b"nothing"), missing(wanted, "gone")):
            assert tuple(score.check for score in scorer.score(frame)) == scorer.checks


def test_without_a_picture_nothing_is_measured_and_nothing_invented() -> None:
    scores = scores_of(frame_of(b"not a picture"))
    assert scores["decodes"].outcome is Outcome.FAILED
    assert "can't be decoded" in scores["decodes"].detail
    assert scores["intact"].outcome is Outcome.PASSED
    rest = [score for name, score in scores.items() if name not in {"decodes", "intact"}]
    assert all(score.outcome is Outcome.NOT_MEASURED and score.value is None for score in rest)


def test_a_missing_object_fails_with_the_reason() -> None:
    scores = scores_of(missing(Wanted(320, 180, "0" * 64, 1), "object s3://ice/x does not exist"))
    assert scores["decodes"].detail == "object s3://ice/x does not exist"
    assert scores["intact"].value is None


def test_other_bytes_than_announced_fail_though_they_are_a_picture() -> None:
    data = encoded(scenery())
    frame = decoded(data, Wanted(320, 180, "0" * 64, len(data)), Limits())
    assert scores_of(frame)["intact"].outcome is Outcome.FAILED


@pytest.mark.parametrize(("width", "height", "aspect"), [(321, 180, False), (640, 360, True), (180, 320, False)])
def test_any_other_size_fails_and_the_ratio_is_judged_apart(width: int, height: int, aspect: bool) -> None:
    scores = scores_of(frame_of(encoded(scenery(width, height)), 320, 180))
    assert scores["exact-size"].outcome is Outcome.FAILED
    assert scores["exact-size"].detail == f"{width}×{height}, asked was 320×180"
    assert (scores["exact-aspect"].outcome is Outcome.PASSED) is aspect


@pytest.mark.parametrize("colour", [0, 7, 128, 255])
def test_a_flat_frame_is_blank(colour: int) -> None:
    assert outcomes_of(flat(colour))["not-blank"] is Outcome.FAILED


def test_a_flat_frame_with_noise_of_one_level_is_blank() -> None:
    noise = np.random.default_rng(1).integers(0, 2, (180, 320, 3))
    assert outcomes_of((flat(90) + noise).astype(np.uint8))["not-blank"] is Outcome.FAILED


def test_fog_is_not_blank() -> None:
    rows = np.linspace(196, 204, 180)[:, None, None]
    fog = np.broadcast_to(rows, (180, 320, 3)).copy()
    fog[60:150, 140:180] -= 14
    assert outcomes_of(fog.astype(np.uint8))["not-blank"] is Outcome.PASSED


@pytest.mark.parametrize(("colour", "check"), [(0, "clipped-blacks"), (255, "clipped-whites")])
def test_a_low_or_high_key_frame_is_warned_about_and_only_a_lost_one_fails(colour: int, check: str) -> None:
    pixels = scenery()
    pixels[:130] = colour
    assert outcomes_of(pixels)[check] is Outcome.WARNED
    pixels[:] = colour
    pixels[90:92, 100:140] = 255 - colour
    assert outcomes_of(pixels)[check] is Outcome.FAILED


def test_a_dark_picture_is_warned_about_by_its_mean() -> None:
    dark = (scenery() * 0.08).astype(np.uint8)
    assert outcomes_of(dark)["mean-luma"] is Outcome.WARNED


def test_a_picture_without_an_edge_fails_sharpness() -> None:
    rows = np.linspace(60, 65, 180)[:, None, None]
    assert outcomes_of(np.broadcast_to(rows, (180, 320, 3)).astype(np.uint8))["sharpness"] is Outcome.FAILED


def test_a_picture_too_small_for_a_laplacian_is_not_measured() -> None:
    scores = scores_of(frame_of(encoded(scenery(2, 2)), 2, 2))
    assert (scores["sharpness"].outcome, scores["sharpness"].value) == (Outcome.NOT_MEASURED, None)


@pytest.mark.parametrize("colour", [0, 255, 100])
@pytest.mark.parametrize("side", ["letterbox", "pillarbox", "passe-partout"])
def test_bars_of_one_colour_on_opposite_sides_are_warned_about(colour: int, side: str) -> None:
    pixels = scenery()
    if side != "pillarbox":
        pixels[:20] = colour
        pixels[-20:] = colour
    if side != "letterbox":
        pixels[:, :30] = colour
        pixels[:, -30:] = colour
    assert outcomes_of(pixels)["stray-border"] is Outcome.WARNED


def test_a_flat_sky_is_no_border() -> None:
    pixels = scenery()
    pixels[:60] = (120, 160, 220)
    assert outcomes_of(pixels)["stray-border"] is Outcome.PASSED


def test_sky_and_floor_of_different_colours_are_no_border() -> None:
    pixels = scenery()
    pixels[:40] = 200
    pixels[-40:] = 60
    assert outcomes_of(pixels)["stray-border"] is Outcome.PASSED


def test_warnings_never_fail_a_frame_and_reasons_name_failures_first() -> None:
    scores = (
        Score(check="sharpness", outcome=Outcome.WARNED, value=1.0, measured_with="t 1", detail="soft"),
        Score(check="decodes", outcome=Outcome.PASSED, value=1.0, measured_with="t 1"),
    )
    assert scoring.verdict(scores) is Verdict.PASSED
    bad = (*scores, Score(check="exact-size", outcome=Outcome.FAILED, value=3, measured_with="t 1", detail="off"))
    assert scoring.verdict(bad) is Verdict.FAILED
    assert scoring.reasons(bad) == ("exact-size failed: off", "sharpness warned: soft")


def test_the_laplacian_variance_is_that_of_its_definition() -> None:
    luma = np.zeros((3, 4), dtype=np.uint8)
    luma[1, 1] = 10
    assert laplacian_variance(luma) == pytest.approx(np.var([-40.0, 10.0]))


def test_a_sample_of_lines_has_the_variance_of_the_whole() -> None:
    luma = np.random.default_rng(2).integers(0, 256, (1024, 600)).astype(np.uint8)
    wide = luma.astype(np.float64)
    whole = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * wide[1:-1, 1:-1]
    assert laplacian_variance(luma) == pytest.approx(whole.var(), rel=0.05)


def test_mean_deviation_and_entropy_of_levels_are_those_of_the_pixels() -> None:
    values = np.random.default_rng(3).integers(0, 256, 5000)
    levels = np.bincount(values, minlength=256).astype(np.float64)
    assert mean_and_deviation(levels) == pytest.approx((values.mean(), values.std()))
    assert luma_entropy(np.array([5.0, 0.0, 5.0])) == pytest.approx(1.0)
    assert luma_entropy(np.array([0.0, 16.0])) == 0.0


def test_large_frames_are_measured_on_a_copy_of_bounded_size() -> None:
    frame = frame_of(encoded(scenery(2048, 1152)), 2048, 1152)
    assert frame.picture is not None
    assert frame.picture.luma.shape == (576, 1024)
    assert scores_of(frame)["exact-size"].outcome is Outcome.PASSED
