"""Finishing steps that turn the picture into paint, ink, paper or clay. Pure: pixels in, pixels out."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from services.generation.providers.previz.display_list import Finish

Floats = npt.NDArray[Any]
"""float32, rows x columns (x 3), 0 to 1. (NumPy's stubs lose the width in mixed arithmetic.)"""

LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_TILE: Final = 512


@lru_cache(maxsize=6)
def _tile(coarse: int) -> Floats:
    """Return a square of noise in -0.5 to 0.5 that repeats without a seam, made at 1/coarse of the size."""
    side = _TILE // coarse
    small = np.random.default_rng(coarse).random((side, side), np.float32)
    if coarse == 1:
        return small - np.float32(0.5)
    padded = np.pad(small, 4, mode="wrap")
    image = Image.fromarray((padded * 255).astype(np.uint8))
    grown = image.resize((padded.shape[1] * coarse, padded.shape[0] * coarse), Image.Resampling.BICUBIC)
    edge = 4 * coarse
    whole = np.asarray(grown, np.float32)[edge : edge + _TILE, edge : edge + _TILE]
    return whole / np.float32(255.0) - np.float32(0.5)


def noise(height: int, width: int, seed: int, coarse: int) -> Floats:
    """Return noise in -0.5 to 0.5 (rows x columns); the seed shifts the tile, so that frames do not share it."""
    dy, dx = (seed * 7919) % _TILE, (seed * 104729) % _TILE
    tile = np.roll(_tile(coarse), (dy, dx), (0, 1))
    repeats = (-(-height // _TILE), -(-width // _TILE))
    return np.tile(tile, repeats)[:height, :width]


def luma(p: Floats) -> Floats:
    """Return brightness, rows x columns."""
    grey: Floats = p @ LUMA
    return grey


def _resized(p: Floats, width: int, height: int) -> Floats:
    image = Image.fromarray((np.clip(p, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32) / np.float32(255.0)


def _box(a: Floats, r: int) -> Floats:
    """Return the mean over (2r+1) x (2r+1) pixels, edges repeated (summed-area table)."""
    n = 2 * r + 1
    pad = [(r + 1, r), (r + 1, r)] + [(0, 0)] * (a.ndim - 2)
    s = np.cumsum(np.cumsum(np.pad(a, pad, mode="edge"), 0, dtype=np.float64), 1)
    total = s[n:, n:] - s[:-n, n:] - s[n:, :-n] + s[:-n, :-n]
    return (total / (n * n)).astype(np.float32)


def paint(p: Floats, step: Finish, seed: int) -> Floats:
    """Lay the picture in strokes: each pixel takes the calmest of its four neighbourhoods (Kuwahara filter)."""
    h, w = p.shape[:2]
    by = max(1, round(h / 300))
    small = _resized(p, w // by, h // by) if by > 1 else np.clip(p, 0, 1)
    r = max(2, round(3 * step.amount))
    grey = luma(small)
    mean, spread = _box(small, r), _box(grey * grey, r) - _box(grey, r) ** 2
    best, calm = mean, np.full(grey.shape, 9.0, np.float32)
    for dy in (-r, r):
        for dx in (-r, r):
            s = np.roll(spread, (dy, dx), (0, 1))
            take = s < calm
            calm = np.where(take, s, calm)
            best = np.where(take[..., None], np.roll(mean, (dy, dx), (0, 1)), best)
    laid = _resized(best, w, h)
    bristle = noise(h, w, seed, 2) * np.float32(0.5) + np.roll(noise(h, w, seed, 4), 3, 1) * np.float32(0.5)
    return laid * (1.0 + (bristle * np.float32(0.13))[..., None])


def canvas(p: Floats, step: Finish, _seed: int) -> Floats:
    """Let the weave of a canvas show."""
    h, w = p.shape[:2]
    y, x = np.ogrid[0:h, 0:w]
    weave = (np.sin(x * 1.9) * np.cos(y * 0.95) + np.sin(y * 1.9) * np.cos(x * 0.95)).astype(np.float32)
    made: Floats = p * (1.0 + (weave * np.float32(0.022 * step.amount))[..., None])
    return made


def wash(p: Floats, step: Finish, seed: int) -> Floats:
    """Turn colours into watercolour: pale, pooled at the edges, granulated, with bare paper around."""
    h, w = p.shape[:2]
    sheet = np.array(step.colours[0], np.float32) / np.float32(255.0)
    stray = max(1.0, h / 220)
    dy = (noise(h, w, seed, 32) * stray * 5).astype(np.intp)
    dx = (noise(h, w, seed + 5, 32) * stray * 5).astype(np.intp)
    rows = np.clip(np.arange(h)[:, None] + dy, 0, h - 1)
    columns = np.clip(np.arange(w)[None, :] + dx, 0, w - 1)
    moved: Floats = np.clip(p, 0, 1)[rows, columns]
    grey = luma(moved)
    soft = _box(grey, max(2, h // 140))
    pooled = np.clip(soft - grey, -0.12, 0.12)
    bloom = noise(h, w, seed + 9, 64) * np.float32(0.16) + noise(h, w, seed + 3, 16) * np.float32(0.06)
    density = np.clip(0.92 + bloom - pooled * 1.3, 0.4, 1.15)[..., None]
    bright = moved + (np.float32(0.20) * (1.0 - grey))[..., None] * (0.4 + 0.6 * moved)
    inked = 1.0 - (1.0 - np.clip(bright, 0, 1)) * density
    made: Floats = sheet * (1.0 - (1.0 - inked) * _bare_edge(h, w, seed)[..., None])
    return made


def _bare_edge(h: int, w: int, seed: int) -> Floats:
    """Return 1 inside and 0 on the unpainted, uneven rim of a sheet."""
    y, x = np.ogrid[0:h, 0:w]
    rim = np.minimum(np.minimum(x, w - 1 - x), np.minimum(y, h - 1 - y)).astype(np.float32) / np.float32(h)
    uneven = rim + noise(h, w, seed + 11, 32) * np.float32(0.022) + noise(h, w, seed + 12, 8) * np.float32(0.006)
    made: Floats = np.clip((uneven - np.float32(0.010)) * 110, 0, 1).astype(np.float32)
    return made


def paper(p: Floats, step: Finish, seed: int) -> Floats:
    """Let the tooth of the paper show."""
    h, w = p.shape[:2]
    tooth = noise(h, w, seed, 2) * np.float32(0.05) + noise(h, w, seed + 2, 4) * np.float32(0.05)
    return p * (1.0 + (tooth * np.float32(step.amount))[..., None])


def clay(p: Floats, step: Finish, seed: int) -> Floats:
    """Press dents and thumb prints into the surface and light them from above."""
    h, w = p.shape[:2]
    bumps = noise(h, w, seed, 8) * np.float32(0.7) + noise(h, w, seed + 4, 16) * np.float32(1.1)
    y, x = np.ogrid[0:h, 0:w]
    swirl = np.sin(np.hypot(x % 97 - 48.0, y % 83 - 41.0) * 1.35).astype(np.float32) * np.float32(0.05)
    high = bumps + swirl * (noise(h, w, seed + 6, 64) > 0.05)
    lit = high - np.roll(high, (2, 2), (0, 1))
    made: Floats = p * (1.0 + (np.clip(lit, -0.5, 0.5) * np.float32(0.34 * step.amount))[..., None])
    return made


def hatch(p: Floats, step: Finish, seed: int) -> Floats:
    """Draw tones as ink: one, two, three directions of strokes the darker it gets, over thin colour."""
    h, w = p.shape[:2]
    sheet, ink = (np.array(c, np.float32) / np.float32(255.0) for c in step.colours)
    shown = np.clip(p, 0, 1)
    grey = luma(shown) + noise(h, w, seed, 8) * np.float32(0.05)
    y, x = np.ogrid[0:h, 0:w]
    pitch = max(4.2, h / 118)
    shake = noise(h, w, seed + 1, 16) * np.float32(1.6)
    black = np.zeros((h, w), np.float32)
    for level, a, b in ((0.44, 0.62, 0.78), (0.27, 0.80, -0.60), (0.15, 0.05, 1.0)):
        wave = np.cos((x * a + y * b + shake) * np.float32(2 * np.pi / pitch))
        deep = np.clip((level - grey) / 0.20, 0, 1)
        black = np.maximum(black, np.clip((wave - (1.0 - 1.5 * deep)) * 4, 0, 1) * (deep > 0))
    black = np.maximum(black, np.clip((0.085 - grey) * 26, 0, 1))[..., None] * np.float32(0.9 * step.amount)
    tone = np.clip(luma(shown), 0.05, 1)[..., None]
    colour = np.clip(shown / tone * (0.52 + 0.48 * tone), 0, 1)
    spread = (shown.max(2) - shown.min(2))[..., None]
    washed = sheet * (1.0 - np.clip(spread * 2.4 - 0.25, 0, 0.88) * (1.0 - colour)) * (0.86 + 0.14 * tone)
    made: Floats = (washed * (1.0 - black) + ink * black).astype(np.float32)
    return made
