"""Whatever a vendor sends, it is refused with a reason or delivered at exactly the size asked."""

import hashlib
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from services.generation.domain import images
from services.generation.domain.images import BadImageError, Limits, Picture
from tests.fakes.provider import picture

LIMITS = Limits(max_bytes=1_000_000, max_pixels=2_000_000)
GOOD = {kind: picture(kind=kind) for kind in ("PNG", "JPEG", "WEBP")}
KINDS = st.sampled_from(sorted(GOOD))


def attempt(data: bytes, width: int = 320, height: int = 180) -> Picture | str:
    try:
        made = images.prepare(data, width, height, LIMITS)
    except BadImageError as error:
        return str(error)
    with Image.open(io.BytesIO(made.png)) as opened:
        opened.load()
        assert (opened.format, opened.size) == ("PNG", (width, height))
    assert hashlib.sha256(made.png).hexdigest() == made.sha256
    return made


@given(st.binary(max_size=4096))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_refused_with_a_reason(data: bytes) -> None:
    refusal = attempt(data)
    assert isinstance(refusal, str)
    assert refusal.startswith("image: ")


@given(KINDS, st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_images_are_refused_or_whole(kind: str, draw: st.DataObject) -> None:
    data = bytearray(GOOD[kind])
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=6)):
        data[place] ^= draw.draw(st.integers(1, 255))
    attempt(bytes(data))


@given(KINDS, st.integers(1, 400), st.integers(1, 400), st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=100, deadline=None)
def test_any_size_becomes_exactly_any_other(kind: str, wide: int, high: int, width: int, height: int) -> None:
    made = attempt(picture(wide, high, kind=kind), width, height)
    assert isinstance(made, Picture)
    assert (made.fitted == "") == ((wide, high) == (width, height))
    assert (made.original is None) == (kind == "PNG" and not made.fitted)
