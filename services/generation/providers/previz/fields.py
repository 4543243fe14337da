"""Noise, grain, paper and lens shade as fields over the frame. Made once per size; a seed only moves them."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from services.generation.providers.previz.tone import Floats

_TILE: Final = 512
_ROAM: Final = 128
"""Pixels that a field reaches beyond the frame, for seeds to move it in."""


@lru_cache(maxsize=8)
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


def _noise(height: int, width: int, turn: int, coarse: int) -> Floats:
    """Return noise in -0.5 to 0.5 (rows x columns); turns of the same coarseness are told apart by where they start."""
    tile = np.roll(_tile(coarse), ((turn * 7919) % _TILE, (turn * 104729) % _TILE), (0, 1))
    repeats = (-(-height // _TILE), -(-width // _TILE))
    return np.tile(tile, repeats)[:height, :width]


def seeded(field: Floats, height: int, width: int, seed: int) -> Floats:
    """Return the part of a roaming field that a seed's frame sees, without a copy."""
    dy, dx = (seed * 7919) % _ROAM, (seed * 104729) % _ROAM
    return field[dy : dy + height, dx : dx + width]


@lru_cache(maxsize=12)
def noise(height: int, width: int, turn: int, coarse: int) -> Floats:
    """Return a roaming field of noise in -0.5 to 0.5, a `coarse` pixel per grain."""
    return np.ascontiguousarray(_noise(height + _ROAM, width + _ROAM, turn, coarse))


@lru_cache(maxsize=3)
def grain(height: int, width: int) -> Floats:
    """Return the roaming grain of film, to add to 0 to 255."""
    h, w = height + _ROAM, width + _ROAM
    return _noise(h, w, 0, 2) * np.float32(0.036 * 255) + _noise(h, w, 1, 1) * np.float32(0.012 * 255)


@lru_cache(maxsize=3)
def paper(height: int, width: int) -> Floats:
    """Return the roaming tooth of paper, about 0."""
    h, w = height + _ROAM, width + _ROAM
    return (_noise(h, w, 0, 2) + _noise(h, w, 2, 4)) * np.float32(0.05)


@lru_cache(maxsize=3)
def bristles(height: int, width: int) -> Floats:
    """Return the roaming marks of a brush's hairs, about 0."""
    h, w = height + _ROAM, width + _ROAM
    return (_noise(h, w, 0, 2) + np.roll(_noise(h, w, 0, 4), 3, 1)) * np.float32(0.065)


@lru_cache(maxsize=3)
def clay(height: int, width: int) -> Floats:
    """Return roaming dents and thumb prints as lit from above, about 0."""
    h, w = height + _ROAM, width + _ROAM
    bumps = _noise(h, w, 0, 8) * np.float32(0.7) + _noise(h, w, 4, 16) * np.float32(1.1)
    y, x = np.ogrid[0:h, 0:w]
    swirl = np.sin(np.hypot(x % 97 - 48.0, y % 83 - 41.0) * 1.35).astype(np.float32) * np.float32(0.05)
    high = bumps + swirl * (_noise(h, w, 6, 64) > 0.05)
    lit: Floats = np.clip(high - np.roll(high, (2, 2), (0, 1)), -0.5, 0.5) * np.float32(0.34)
    return lit.astype(np.float32)


@lru_cache(maxsize=3)
def weave(height: int, width: int) -> Floats:
    """Return the weave of a canvas, about 0."""
    y, x = np.ogrid[0:height, 0:width]
    waves: Floats = np.sin(x * 1.9) * np.cos(y * 0.95) + np.sin(y * 1.9) * np.cos(x * 0.95)
    return (waves * 0.022).astype(np.float32)


@lru_cache(maxsize=3)
def lens_shade(height: int, width: int) -> Floats:
    """Return how far a lens darkens towards the corners: 0 in the middle."""
    y, x = np.ogrid[0:height, 0:width]
    r = np.hypot((x - width / 2) / (width / 2), (y - height / 2) / (height / 2))
    return (np.clip(r - 0.45, 0.0, 1.0) ** 1.5).astype(np.float32)


@lru_cache(maxsize=3)
def screen_dots(height: int, width: int) -> Floats:
    """Return a printer's screen at 45 degrees, 0 to 1: 1 where a dot begins."""
    y, x = np.ogrid[0:height, 0:width]
    turn = 0.7071 * 2 * np.pi / max(3.2, height / 120)
    return ((np.cos((x + y) * turn) + np.cos((x - y) * turn)) * 0.25 + 0.5).astype(np.float32)


@lru_cache(maxsize=9)
def pen_strokes(height: int, width: int, across: float, down: float) -> Floats:
    """Return roaming strokes of a shaky pen as waves, -1 to 1, that run square to (across, down)."""
    h, w = height + _ROAM, width + _ROAM
    y, x = np.ogrid[0:h, 0:w]
    shake = _noise(h, w, 1, 16) * np.float32(1.6)
    pitch = max(4.2, height / 118)
    return np.cos((x * across + y * down + shake) * (2 * np.pi / pitch)).astype(np.float32)


@lru_cache(maxsize=3)
def rim(height: int, width: int) -> Floats:
    """Return the distance to the nearest edge in frame heights."""
    y, x = np.ogrid[0:height, 0:width]
    near: Floats = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return near.astype(np.float32) / np.float32(height)


@lru_cache(maxsize=3)
def deckle(height: int, width: int) -> Floats:
    """Return how uneven the painted edge of a sheet is, in frame heights (roaming)."""
    h, w = height + _ROAM, width + _ROAM
    return _noise(h, w, 11, 32) * np.float32(0.022) + _noise(h, w, 12, 8) * np.float32(0.006)


@lru_cache(maxsize=3)
def blossom(height: int, width: int) -> Floats:
    """Return how unevenly a wash dries, about 0 (roaming)."""
    h, w = height + _ROAM, width + _ROAM
    return _noise(h, w, 9, 64) * np.float32(0.16) + _noise(h, w, 3, 16) * np.float32(0.06)
