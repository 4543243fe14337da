"""Whatever the bytes, validation answers; whatever the shape, a good frame passes."""

import hashlib
import struct
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.validation import Outcome, Verdict
from services.validation.domain import duplicates, scoring
from services.validation.domain.frame import Frame, Limits, Wanted, decoded
from services.validation.domain.technical import technical_scorers
from services.validation.domain.thresholds import Thresholds
from tests.fakes.frames import encoded, scenery

SCORERS = technical_scorers(Thresholds())
GOOD = {kind: encoded(scenery(), kind) for kind in ("PNG", "JPEG", "WEBP")}


def look(data: bytes, width: int = 320, height: int = 180) -> tuple[Frame, Verdict, tuple[str, ...]]:
    wanted = Wanted(width, height, hashlib.sha256(data).hexdigest(), len(data))
    frame = decoded(data, wanted, Limits())
    scores = scoring.score_all(frame, SCORERS)
    for score in scores:
        assert (score.value is None) == (score.outcome is Outcome.NOT_MEASURED), score
    return frame, scoring.verdict(scores), scoring.reasons(scores)


@given(st.binary(max_size=4096))
@settings(max_examples=500, deadline=None)
def test_any_bytes_fail_with_a_reason(data: bytes) -> None:
    _, verdict, reasons = look(data)
    assert verdict is Verdict.FAILED
    assert reasons[0].startswith("decodes failed: ")


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.binary(min_size=1, max_size=2048))
@settings(max_examples=300, deadline=None)
def test_bytes_behind_a_true_signature_fail_with_a_reason(kind: str, tail: bytes) -> None:
    _, verdict, reasons = look(GOOD[kind][:24] + tail)
    assert verdict is Verdict.FAILED
    assert reasons


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.floats(min_value=0, max_value=0.9))
@settings(max_examples=200, deadline=None)
def test_a_truncated_image_fails_with_a_reason(kind: str, share: float) -> None:
    data = GOOD[kind]
    _, verdict, reasons = look(data[: int(len(data) * share)])
    assert verdict is Verdict.FAILED
    assert reasons[0].startswith("decodes failed: ")


@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_images_never_crash_the_checks(kind: str, draw: st.DataObject) -> None:
    data = bytearray(GOOD[kind])
    for place in draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=8)):
        data[place] ^= draw.draw(st.integers(1, 255))
    frame, verdict, reasons = look(bytes(data))
    if frame.picture is None:
        assert verdict is Verdict.FAILED
        assert reasons


@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1))
@settings(max_examples=200, deadline=None)
def test_a_header_that_promises_more_pixels_than_there_are_is_refused(width: int, height: int) -> None:
    _, verdict, reasons = look(_bomb(width, height), width, height)
    assert verdict is Verdict.FAILED
    assert reasons[0].startswith("decodes failed: ")


@given(st.integers(64, 700), st.integers(64, 700), st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_a_good_frame_passes_at_every_aspect_ratio(width: int, height: int, seed: int) -> None:
    frame, verdict, reasons = look(encoded(scenery(width, height, seed)), width, height)
    assert verdict is Verdict.PASSED, reasons
    assert frame.picture is not None
    assert duplicates.fingerprint(frame.picture) is not None


@given(st.integers(64, 400), st.integers(64, 400), st.integers(1, 40), st.integers(-40, 40))
@settings(max_examples=60, deadline=None)
def test_a_frame_of_any_other_size_fails(width: int, height: int, wider: int, taller: int) -> None:
    have = (width + wider, max(64, height + taller))
    _, verdict, reasons = look(encoded(scenery(*have)), width, height)
    assert verdict is Verdict.FAILED
    assert any(reason.startswith("exact-size failed") for reason in reasons)


def _bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 3)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
