"""A vendor's bytes are checked before they are believed."""

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from services.generation.domain import images
from services.generation.domain.images import BadImageError, Limits
from tests.fakes.provider import picture

LIMITS = Limits()


def size_of(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        return opened.size


def bomb(width: int, height: int) -> bytes:
    """A PNG header that promises far more pixels than its bytes hold."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_plain_png_of_the_right_size_is_delivered_byte_for_byte() -> None:
    data = picture(320, 180)
    made = images.prepare(data, 320, 180, LIMITS)
    assert made.png == data
    assert made.sha256 == hashlib.sha256(data).hexdigest()
    assert made.original is None
    assert made.fitted == ""


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_another_format_becomes_png_and_the_original_is_kept(kind: str, mime: str) -> None:
    data = picture(320, 180, kind=kind)
    made = images.prepare(data, 320, 180, LIMITS)
    assert made.png.startswith(b"\x89PNG")
    assert made.original is not None
    assert (made.original.data, made.original.mime_type) == (data, mime)
    assert made.fitted == ""


@pytest.mark.parametrize("have", [(640, 360), (256, 256), (100, 300), (2000, 100), (64, 64)])
def test_the_delivered_size_is_exact_whatever_the_model_gave(have: tuple[int, int]) -> None:
    made = images.prepare(picture(*have), 320, 180, LIMITS)
    assert size_of(made.png) == (320, 180)
    assert made.original is not None
    assert (made.original.width, made.original.height) == have
    assert f"{have[0]}×{have[1]}" in made.fitted


def test_fitting_crops_and_never_stretches() -> None:
    square = Image.new("RGB", (400, 400), (0, 0, 200))
    square.paste((250, 0, 0), (150, 150, 250, 250))
    out = io.BytesIO()
    square.save(out, "PNG")
    made = images.prepare(out.getvalue(), 400, 200, LIMITS)
    with Image.open(io.BytesIO(made.png)) as opened:
        box = opened.split()[0].point(lambda value: 255 if value > 128 else 0).getbbox()
    assert box == (150, 50, 250, 150)


def test_the_thumbnail_is_a_jpeg_of_at_most_512_pixels_a_side() -> None:
    made = images.prepare(picture(1024, 576), 1024, 576, LIMITS)
    with Image.open(io.BytesIO(made.thumbnail)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (512, 288))


def test_transparency_becomes_black() -> None:
    layer = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    out = io.BytesIO()
    layer.save(out, "PNG")
    made = images.prepare(out.getvalue(), 64, 64, LIMITS)
    with Image.open(io.BytesIO(made.png)) as opened:
        assert (opened.mode, opened.getpixel((5, 5))) == ("RGB", (0, 0, 0))


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    grey = Image.new("I;16", (64, 64), 32768)
    out = io.BytesIO()
    grey.save(out, "PNG")
    made = images.prepare(out.getvalue(), 64, 64, LIMITS)
    with Image.open(io.BytesIO(made.png)) as opened:
        assert opened.getpixel((5, 5)) == (127, 127, 127)


def test_a_rotated_jpeg_is_turned_upright() -> None:
    sideways = Image.new("RGB", (100, 200), (10, 20, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    sideways.save(out, "JPEG", exif=exif)
    made = images.prepare(out.getvalue(), 200, 100, LIMITS)
    assert size_of(made.png) == (200, 100)
    assert made.fitted == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        b"\x89PNG\r\n\x1a\n",
        picture()[:-200],
        picture(kind="JPEG")[:200],
        picture(kind="GIF", mode="P"),
        picture(kind="BMP"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
    ],
)
def test_what_is_no_whole_image_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(BadImageError, match="image:"):
        images.prepare(data, 320, 180, LIMITS)


@pytest.mark.parametrize("side", [(30_000, 30_000), (2_000_000, 2_000_000), (8193, 8192), (0, 10)])
def test_a_decompression_bomb_is_refused_by_its_header(side: tuple[int, int]) -> None:
    with pytest.raises(BadImageError):
        images.prepare(bomb(*side), 320, 180, LIMITS)


def test_a_file_beyond_the_limit_is_refused_unread() -> None:
    with pytest.raises(BadImageError, match="allowed are at most 100"):
        images.prepare(picture(), 320, 180, Limits(max_bytes=100))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pixel(data: bytes, at: tuple[int, int] = (5, 5)) -> tuple[int, ...]:
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.mode == "RGB"
        found = opened.getpixel(at)
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


def sixteen_bit_rgb(width: int, height: int) -> bytes:
    """A PNG of 16 bits per channel, which Pillow opens as RGB like any other."""
    row = b"\0" + b"\x80\x00\x40\x00\x20\x00" * width

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


def test_sixteen_bits_per_channel_become_eight() -> None:
    made = images.prepare(sixteen_bit_rgb(64, 64), 64, 64, LIMITS)
    assert made.original is not None
    assert made.png[24] == 8
    assert pixel(made.png) == (128, 64, 32)


def test_a_png_with_bytes_behind_its_end_or_without_its_end_is_written_anew() -> None:
    for data in (picture(64, 64) + b"<script>", picture(64, 64)[:-12]):
        made = images.prepare(data, 64, 64, LIMITS)
        assert made.original is not None
        assert made.png.endswith(b"IEND\xaeB`\x82")


def test_cmyk_becomes_rgb_of_the_same_colour() -> None:
    data = encoded(Image.new("RGB", (64, 64), (200, 40, 40)).convert("CMYK"), "JPEG", quality=95)
    made = images.prepare(data, 64, 64, LIMITS)
    assert all(abs(have - want) < 8 for have, want in zip(pixel(made.png), (200, 40, 40), strict=True))


def test_a_palette_with_transparency_becomes_opaque_rgb() -> None:
    layer = Image.new("P", (64, 64), 0)
    layer.putpalette([255, 255, 255, 10, 200, 30])
    layer.paste(1, (0, 0, 32, 64))
    made = images.prepare(encoded(layer, transparency=0), 64, 64, LIMITS)
    assert (pixel(made.png), pixel(made.png, (50, 5))) == ((10, 200, 30), (0, 0, 0))


def foreign_profile() -> bytes:
    """A profile whose red and green are exchanged, and whose name says nothing of sRGB."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be"))


def test_colours_of_a_foreign_profile_are_brought_to_srgb() -> None:
    data = encoded(Image.new("RGB", (64, 64), (200, 40, 40)), icc_profile=foreign_profile())
    made = images.prepare(data, 64, 64, LIMITS)
    assert made.original is not None
    assert all(abs(have - want) < 4 for have, want in zip(pixel(made.png), (40, 200, 40), strict=True))


def test_a_profile_that_says_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(Image.new("RGB", (64, 64), (90, 90, 90)), icc_profile=profile)
    assert images.prepare(data, 64, 64, LIMITS).png == data


@pytest.mark.parametrize("profile", [b"no profile at all", b"\0" * 200])
def test_a_broken_profile_does_not_cost_the_picture(profile: bytes) -> None:
    data = encoded(Image.new("RGB", (64, 64), (90, 90, 90)), "JPEG", icc_profile=profile, quality=95)
    assert pixel(images.prepare(data, 64, 64, LIMITS).png)[0] in range(86, 95)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_metadata_does_not_cost_the_picture() -> None:
    data = encoded(Image.new("RGB", (64, 64), (90, 90, 90)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff broken")
    assert size_of(images.prepare(data, 64, 64, LIMITS).png) == (64, 64)


def test_of_an_animation_the_first_frame_is_taken_and_it_is_said() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ((250, 0, 0), (0, 0, 250))]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    made = images.prepare(data, 64, 64, LIMITS)
    assert pixel(made.png) == (250, 0, 0)
    assert made.fitted == "the model gave 64×64: the first of 2 frames"


@pytest.mark.parametrize(
    ("have", "said"),
    [
        ((160, 90), "the model gave 160×90: enlarged 2.00 times"),
        ((640, 360), "the model gave 640×360: reduced"),
        ((640, 400), "the model gave 640×400: reduced, cropped"),
        ((200, 200), "the model gave 200×200: enlarged 1.60 times, cropped"),
        ((320, 200), "the model gave 320×200: cropped"),
    ],
)
def test_what_was_done_to_reach_the_size_is_said_exactly(have: tuple[int, int], said: str) -> None:
    assert images.prepare(picture(*have), 320, 180, LIMITS).fitted == said


def test_memory_for_unpacking_is_told_from_the_head_alone() -> None:
    assert images.unpacked_bytes(bomb(4000, 3000), LIMITS) == 4000 * 3000 * 12
    with pytest.raises(BadImageError):
        images.unpacked_bytes(bomb(30_000, 30_000), LIMITS)


@pytest.mark.parametrize("data", [b"GIF89a and so on", b"<html>", b"\x00\x00\x00 ftypavif"], ids=repr)
def test_a_file_of_another_format_is_named_by_its_first_bytes_with_what_is_allowed(data: bytes) -> None:
    with pytest.raises(BadImageError, match="allowed are PNG, JPEG, WEBP") as raised:
        images.prepare(data, 64, 64, LIMITS)
    assert repr(data[:16]) in str(raised.value)
