"""Pictures made of numbers, and the events that announce them."""

import hashlib
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas.asset import AssetRef
from schemas.conditioning import ContinuityFrame
from schemas.generation import GenerationCompleted
from schemas.run import RunContext
from schemas.vocabulary import Dialect
from tests.fakes.requests import a_request, a_run


def encoded(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels, "RGB" if pixels.ndim == 3 else "L").convert("RGB").save(out, kind)
    return out.getvalue()


def scenery(width: int = 320, height: int = 180, seed: int = 1) -> NDArray[np.uint8]:
    """A picture with sky, ground and some sharp shapes, another for every seed."""
    random = np.random.default_rng(seed)
    rows = np.linspace(random.integers(120, 200), random.integers(40, 100), height)[:, None, None]
    pixels = np.broadcast_to(rows, (height, width, 3)) + random.normal(0, 3, (height, width, 3))
    for _ in range(12):
        top, left = random.integers(0, max(1, height - 4)), random.integers(0, max(1, width - 4))
        tall, wide = random.integers(2, max(3, height // 3)), random.integers(2, max(3, width // 3))
        pixels[top : top + tall, left : left + wide] = random.integers(0, 256, 3)
    return pixels.clip(0, 255).astype(np.uint8)


def announced(
    data: bytes, run: RunContext | None = None, uri: str | None = None, **changes: Any
) -> GenerationCompleted:
    """The event of a generation whose image is `data`."""
    request = a_request(run or a_run(project={"width": 320, "height": 180}))
    values: dict[str, Any] = {
        "run": request.run,
        "cast": request.cast,
        "seed": request.seed,
        "generation_id": request.generation_id,
        "provider": "previz",
        "model": "previz",
        "take": 1,
        "attempt": 1,
        "dialect": Dialect.NATURAL,
        "prompt": request.prompt,
        "template_version": request.template_version,
        "asset": an_asset(data, uri or f"s3://ice/{key_of(request.generation_id)}", request.run),
    }
    return GenerationCompleted(**{**values, **changes})


def key_of(generation_id: str) -> str:
    return f"vrindavan/sh0020/{generation_id}.png"


def an_asset(data: bytes, uri: str, run: RunContext) -> AssetRef:
    return AssetRef(
        uri=uri,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=max(1, len(data)),
        mime_type="image/png",
        width=run.width,
        height=run.height,
    )


def continuing(shot_id: str) -> ContinuityFrame:
    asset = an_asset(b"x", "s3://ice/other.png", a_run())
    return ContinuityFrame(shot_id=shot_id, frame_role=a_run().frame_role, reason="continuity_from", asset=asset)
