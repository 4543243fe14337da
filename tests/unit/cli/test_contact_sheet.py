"""The contact sheet: every frame whole and in order, words in any script, never above 2 MB."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from schemas.vocabulary import CameraMovement
from services.cli import contact_sheet as drawing
from services.cli.contact_sheet import MAX_BYTES, PAGE, WIDTH, SheetFilm, SheetFrame, contact_sheet, pages, sheet_bytes
from services.cli.lettering import Lettering
from services.cli.movement_icons import movement_icon
from tests.fakes.film_gateway import picture

RED = (255, 0, 0)


def png(width: int = 1024, height: int = 576, colour: tuple[int, int, int] = RED) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def frame(number: int = 1, scene: str = "SC010", role: str = "single", **changes: object) -> SheetFrame:
    made = SheetFrame(
        scene_id=scene,
        scene_title="EXT. STREET - NIGHT",
        code=f"SH{number:04d}",
        role=role,
        image=picture(320, 180, str(number)),
        size="medium",
        angle="low-angle",
        movement="orbit",
        duration_s=3.0,
        cast=("Nora",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def film(*frames: SheetFrame) -> SheetFilm:
    return SheetFilm("A film", ("2 shots",), frames)


def test_a_sheet_is_2400_wide_and_grows_with_the_film() -> None:
    few = contact_sheet(film(*(frame(n) for n in range(4))))
    many = contact_sheet(film(*(frame(n, scene=f"SC{n // 4}") for n in range(40))))
    assert few.width == many.width == WIDTH
    assert many.height > few.height


def test_the_same_film_gives_the_same_picture() -> None:
    frames = [frame(n) for n in range(3)]
    assert sheet_bytes(film(*frames)) == sheet_bytes(film(*frames))


def test_a_sheet_of_noise_stays_below_two_megabytes() -> None:
    out = io.BytesIO()
    Image.effect_noise((320, 180), 90).convert("RGB").save(out, "PNG")
    data = sheet_bytes(film(*(frame(n, image=out.getvalue()) for n in range(60))))
    assert len(data) <= MAX_BYTES
    assert Image.open(io.BytesIO(data)).format == "JPEG"


def test_a_long_film_takes_several_sheets_cut_between_scenes() -> None:
    frames = [frame(n, scene=f"SC{n // 9}") for n in range(400)]
    sheets = pages(film(*frames))
    assert [one for sheet in sheets for one in sheet.frames] == frames
    assert all(0 < len(sheet.frames) <= PAGE for sheet in sheets)
    assert all(a.frames[-1].scene_id != b.frames[0].scene_id for a, b in pairwise(sheets))


def test_a_scene_longer_than_a_sheet_is_cut_but_not_between_start_and_end() -> None:
    frames = [frame(n // 2, role=("start", "end")[n % 2]) for n in range(1, 2 * PAGE)]
    sheets = pages(film(*frames))
    assert [one for sheet in sheets for one in sheet.frames] == frames
    assert all(len(sheet.frames) <= PAGE for sheet in sheets)
    assert all(sheet.frames[0].role == "start" for sheet in sheets[1:])


@pytest.mark.parametrize("size", [(1024, 576), (1024, 428), (576, 1024), (64, 64), (4096, 64)])
def test_a_frame_of_any_ratio_is_shown_whole(size: tuple[int, int]) -> None:
    image = contact_sheet(film(frame(image=png(*size))))
    ys, xs = np.nonzero((np.asarray(image) == RED).all(axis=2))
    inside = ys > 300
    width, height = np.ptp(xs[inside]) + 1, np.ptp(ys[inside]) + 1
    assert width / height == pytest.approx(size[0] / size[1], rel=0.1)


@pytest.mark.parametrize("broken", [b"", b"no picture", png()[:200]])
def test_a_missing_or_broken_picture_leaves_a_marked_gap(broken: bytes) -> None:
    whole = contact_sheet(film(frame(1), frame(2)))
    gap = contact_sheet(film(frame(1), frame(2, image=broken, missing="failed")))
    assert gap.size == whole.size
    assert gap.tobytes() != whole.tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "राधा और कृष्ण",
        "黒い街の最後の灯",
        "الضوء الأخير",
        "🌸🎬👩‍👩‍👧",
        "Ж—“q”…é",
        "\u202e\u0000\ud83c",
        "x" * 4000,
        "",
        "   ",
    ],
)
def test_any_script_can_stand_on_a_sheet(text: str) -> None:
    made = frame(
        1, scene=text or "s", scene_title=text, code=text, cast=(text,), size=text, movement=text, missing=text
    )
    image = contact_sheet(SheetFilm(text, (text, text), (made, replace(made, image=None))))
    assert image.width == WIDTH


def test_a_film_without_frames_still_has_its_title() -> None:
    assert contact_sheet(film()).height > 300


def test_frames_stand_in_order_and_a_pair_is_never_torn_apart() -> None:
    frames = [frame(n) for n in range(4)]
    frames += [frame(4, role="start"), frame(4, role="end"), frame(5, scene="SC020")]
    slots = list(drawing._slots(frames, 5))
    assert [slot.frame for slot in slots] == frames
    assert [(slot.row, slot.column) for slot in slots] == sorted((slot.row, slot.column) for slot in slots)
    start, end = slots[4], slots[5]
    assert start.row == end.row
    assert end.column == start.column + 1


def test_a_scene_that_fits_stands_beside_the_one_before_it() -> None:
    slots = list(drawing._slots([frame(1), frame(2), frame(3, "SC020"), frame(4, "SC020"), frame(5, "SC030")], 5))
    assert {slot.row for slot in slots} == {0}
    assert [slot.leads for slot in slots] == [2, 0, 2, 0, 1]


def test_every_movement_of_the_vocabulary_has_its_own_icon() -> None:
    icons = {movement_icon(str(movement), 26, RED).tobytes() for movement in CameraMovement}
    assert len(icons) == len(CameraMovement)


def test_text_is_cut_with_an_ellipsis_to_the_room_it_has() -> None:
    pen = Lettering(24)
    cut = pen.fitted("EXT. MERIDIAN STREET - NIGHT - RAIN", 200)
    assert cut.endswith("…")
    assert pen.width(cut) <= 200
    assert pen.fitted("SHORT", 200) == "SHORT"
