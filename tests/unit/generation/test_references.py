"""References within a model's limits."""

import io

import numpy as np
import pytest
from PIL import Image

from schemas.bible import Region
from schemas.generation import ReferenceUse
from services.generation.providers.errors import InvalidRequest
from services.generation.providers.references import fit_reference, fit_start
from services.generation.providers.vendor import ReferenceLimits
from tests.fakes.frames import encoded, scenery
from tests.fakes.provider import picture

USE = ReferenceUse(uri="s3://ice/refs/a.png", role="character", entity_id="radha", strength=0.7)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_a_reference_within_the_limits_is_sent_as_it_is() -> None:
    data = picture(300, 200)
    made = fit_reference(data, USE, ReferenceLimits(1, strength=True))
    assert made.data == data
    assert (made.width, made.height, made.mime_type, made.extension) == (300, 200, "image/png", "png")
    assert (made.role, made.entity_id, made.strength) == ("character", "radha", 0.7)


def laid_out(panels: int, width: int = 800, height: int = 450) -> bytes:
    """Figures of grain side by side on plain grey, each of another tone."""
    sheet = Image.new("RGB", (width, height), "#888888")
    share = width // panels
    for place in range(panels):
        figure = Image.fromarray(scenery(share * 3 // 5, height * 4 // 5, place))
        sheet.paste(figure, (place * share + share // 5, height // 10))
    return encoded(np.asarray(sheet))


def panel(place: int) -> ReferenceUse:
    return USE.model_copy(update={"region": Region(left=place / 4, right=(place + 1) / 4)})


def test_of_a_sheet_the_view_that_is_asked_for_is_sent_alone() -> None:
    sheet = laid_out(4)
    sent = [fit_reference(sheet, panel(place), ReferenceLimits(1)) for place in range(4)]
    assert [(made.width, made.height, made.loss) for made in sent] == [(200, 450, "")] * 4
    whole = opened(sheet)
    for place, made in enumerate(sent):
        assert opened(made.data).tobytes() == whole.crop((place * 200, 0, place * 200 + 200, 450)).tobytes()


@pytest.mark.parametrize("data", [laid_out(3), laid_out(1), encoded(scenery(800, 450)), picture(800, 450)])
def test_a_sheet_that_is_not_laid_out_so_is_sent_whole_and_that_is_said(data: bytes) -> None:
    made = fit_reference(data, panel(1), ReferenceLimits(1))
    assert made.data == data
    assert "sent whole" in made.loss


def test_strength_is_only_there_where_the_model_takes_it() -> None:
    assert fit_reference(picture(), USE, ReferenceLimits(1)).strength is None


@pytest.mark.parametrize("limits", [ReferenceLimits(1, max_side=150), ReferenceLimits(1, max_pixels=15_000)])
def test_a_large_reference_is_scaled_down(limits: ReferenceLimits) -> None:
    made = fit_reference(picture(300, 200), USE, limits)
    assert opened(made.data).size == (made.width, made.height) == (150, 100)


def test_a_heavy_reference_becomes_another_format_and_then_smaller() -> None:
    data = encoded(scenery(800, 600))
    lighter = fit_reference(data, USE, ReferenceLimits(1, max_bytes=len(data) // 2))
    assert (lighter.mime_type, lighter.width) == ("image/jpeg", 800)
    assert len(lighter.data) <= len(data) // 2
    smaller = fit_reference(data, USE, ReferenceLimits(1, max_bytes=30_000, formats=("PNG",)))
    assert smaller.mime_type == "image/png"
    assert smaller.width < 800
    assert smaller.width / smaller.height == pytest.approx(800 / 600, rel=0.02)


def test_a_format_that_the_model_does_not_take_is_changed() -> None:
    made = fit_reference(picture(kind="WEBP"), USE, ReferenceLimits(1, formats=("JPEG",)))
    assert (made.mime_type, opened(made.data).format) == ("image/jpeg", "JPEG")


def test_what_is_transparent_lies_on_white_in_a_format_without_transparency() -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    out = io.BytesIO()
    clear.save(out, "PNG")
    made = fit_reference(out.getvalue(), USE, ReferenceLimits(1, formats=("JPEG",)))
    assert min(opened(made.data).convert("L").tobytes()) > 250


def test_a_reference_is_sent_upright() -> None:
    sideways = Image.new("RGB", (90, 60))
    exif = sideways.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    sideways.save(out, "JPEG", exif=exif)
    made = fit_reference(out.getvalue(), USE, ReferenceLimits(1, formats=("PNG",)))
    assert (made.width, made.height) == (60, 90)


@pytest.mark.parametrize("data", [b"", b"no image", picture()[:200], b"GIF89a" + b"\0" * 40])
def test_what_is_no_image_is_named(data: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"refs/a\.png"):
        fit_reference(data, USE, ReferenceLimits(1))


def test_limits_that_nothing_meets_are_told() -> None:
    with pytest.raises(InvalidRequest, match="10 bytes"):
        fit_reference(picture(), USE, ReferenceLimits(1, max_bytes=10))


def test_a_picture_to_begin_with_lies_where_the_later_crop_keeps_it_and_is_never_stretched() -> None:
    """A square with a dot in its middle, for a frame of 2:1 that is made as a square."""
    square = Image.new("RGB", (200, 200), "#404040")
    square.paste("white", (90, 90, 110, 110))
    use = USE.model_copy(update={"role": "init"})
    made = fit_start(encoded(np.asarray(square)), use, ReferenceLimits(1, strength=True), (512, 512), (400, 200))
    assert (made.width, made.height, made.role, made.strength) == (512, 512, "init", 0.7)
    white = np.argwhere(np.asarray(opened(made.data).convert("L")) > 200)
    (top, left), (bottom, right) = white.min(axis=0), white.max(axis=0)
    # The frame takes the upper and lower edge away, so what is left is 512x256 of it: the dot is as wide as high.
    assert abs((bottom - top) - (right - left)) <= 2
    assert abs((top + bottom) / 2 - 255.5) <= 1
    assert abs((left + right) / 2 - 255.5) <= 1
    assert right - left == pytest.approx(512 / 10, abs=3)


def test_a_picture_to_begin_with_has_no_transparency_and_stands_upright() -> None:
    limits, use = ReferenceLimits(1), USE.model_copy(update={"role": "init"})
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(out, "PNG")
    assert opened(fit_start(out.getvalue(), use, limits, (64, 64), (64, 64)).data).getpixel((5, 5)) == (255, 255, 255)
    turned, exif = Image.new("RGB", (64, 32), "black"), Image.Exif()
    turned.paste("white", (0, 0, 32, 32))
    exif[0x0112] = 6  # lies on its left side
    out = io.BytesIO()
    turned.save(out, "PNG", exif=exif)
    upright = opened(fit_start(out.getvalue(), use, limits, (32, 64), (32, 64)).data)
    assert upright.getpixel((16, 8)) == (255, 255, 255)
    assert upright.getpixel((16, 56)) == (0, 0, 0)
