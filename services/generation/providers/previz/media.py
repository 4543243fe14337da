"""Finishing steps that turn the picture into paint, ink or print. Pure: pixels in, pixels out."""

from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from services.generation.providers.previz import fields
from services.generation.providers.previz.backend import Pixels
from services.generation.providers.previz.display_list import RGB, Finish
from services.generation.providers.previz.fields import seeded
from services.generation.providers.previz.prints import Print
from services.generation.providers.previz.tone import Floats, Planes, grey_of


def strokes(pixels: Pixels, reach: int) -> Pixels:
    """Lay a picture in strokes: each pixel takes the calmest of its four neighbourhoods (Kuwahara filter).

    Args:
        pixels: rows x columns x 3.
        reach: from a pixel to the middle of its neighbourhoods, at 300 rows.
    """
    h, w = pixels.shape[:2]
    by = max(1, round(h / 300))
    image = Image.fromarray(pixels)
    small = image.resize((w // by, h // by), Image.Resampling.BICUBIC) if by > 1 else image
    planes = [np.asarray(channel) for channel in (*small.split(), small.convert("L"))]
    grey = planes.pop().astype(np.uint32)
    mean = _window_sums(grey, reach).astype(np.int64)
    area = (2 * reach + 1) ** 2
    spread = _window_sums(grey * grey, reach).astype(np.int64) * area - mean * mean
    calmest = _calmest(spread, reach)
    laid = [(_window_sums(p.astype(np.uint32), reach) / area).astype(np.uint8).take(calmest) for p in planes]
    made = Image.fromarray(np.stack(laid, axis=-1))
    return np.asarray(made.resize((w, h), Image.Resampling.BICUBIC) if by > 1 else made)


def _window_sums(a: Floats, r: int) -> Floats:
    """Return sums over (2r+1) x (2r+1) pixels, edges repeated.

    A summed-area table in uint32 may run over; differences of it are right all the same.
    """
    n = 2 * r + 1
    s = np.pad(a, ((r + 1, r), (r + 1, r)), mode="edge")
    np.cumsum(s, 0, out=s)
    np.cumsum(s, 1, out=s)
    sums: Floats = s[n:, n:] - s[:-n, n:] - s[n:, :-n] + s[:-n, :-n]
    return sums


def _calmest(spread: Floats, r: int) -> Floats:
    """Return, for each pixel, the flat place of the neighbour at (+-r, +-r) whose window has the least spread."""
    h, w = spread.shape
    framed = np.pad(spread, r, mode="edge")
    corners = [framed[dy : dy + h, dx : dx + w] for dy in (0, 2 * r) for dx in (0, 2 * r)]
    which = np.argmin(np.stack(corners), axis=0)
    down, across = np.where(which < 2, -r, r), np.where(which % 2 == 0, -r, r)
    rows = np.clip(np.arange(h)[:, None] + down, 0, h - 1)
    columns = np.clip(np.arange(w)[None, :] + across, 0, w - 1)
    places: Floats = rows * w + columns
    return places


def poster(shown: Print, step: Finish) -> None:
    """Print brightness in a few steps, softened by the true tone."""
    level = np.clip(np.arange(256, dtype=np.float32) / np.float32(255.0), 0.01, 1.0)
    ratio = (np.round(level * np.float32(step.amount)) / step.amount * 0.7 + level * 0.3) / level

    def change(planes: Planes, _rows: slice) -> Planes:
        by = ratio.astype(np.float32).take(_index(grey_of(planes)))
        for plane in planes:
            np.multiply(plane, by, out=plane)
        return planes

    shown.then(change)


def halftone(shown: Print, step: Finish) -> None:
    """Print shadows in dots that grow the darker it is."""
    level = np.arange(256, dtype=np.float32) / np.float32(255.0)
    threshold = level * np.float32(1.9) + np.float32(0.12)
    loss = np.clip((0.52 - level) * 4, 0, 1).astype(np.float32) * np.float32(0.55 * step.amount)
    dots = fields.screen_dots(shown.height, shown.width)

    def change(planes: Planes, rows: slice) -> Planes:
        at = _index(grey_of(planes))
        by = np.float32(1.0) - loss.take(at) * (dots[rows] > threshold.take(at))
        for plane in planes:
            np.multiply(plane, by, out=plane)
        return planes

    shown.then(change)


def _index(grey: Floats) -> Floats:
    return np.clip(grey + np.float32(0.5), 0.0, 255.0).astype(np.intp)


def wash(shown: Print, step: Finish) -> None:
    """Turn colours into watercolour: pale, pooled at the edges, granulated, with bare paper around."""
    h, w, seed = shown.height, shown.width, shown.seed
    moved = _run(shown.pixels(), seed)
    grey = Image.fromarray(moved).convert("L")
    soft = np.asarray(grey.filter(ImageFilter.BoxBlur(max(2, h // 140))))
    blossom = seeded(fields.blossom(h, w), h, w, seed)
    uneven, rim = seeded(fields.deckle(h, w), h, w, seed), fields.rim(h, w)
    sheet = [np.float32(c) for c in step.colours[0]]

    def change(planes: Planes, rows: slice) -> Planes:
        tone = grey_of(planes) * np.float32(1 / 255)
        pooled = np.clip(soft[rows].astype(np.float32) * np.float32(1 / 255) - tone, -0.12, 0.12)
        density = np.clip(np.float32(0.92) + blossom[rows] - pooled * np.float32(1.3), 0.4, 1.15)
        paled = (1.0 - tone) * np.float32(0.20)
        painted = np.clip((rim[rows] + uneven[rows] - np.float32(0.010)) * np.float32(110), 0, 1)
        density *= painted
        return [_washed(plane, paled, density, paper) for plane, paper in zip(planes, sheet, strict=True)]

    shown.replace(moved)
    shown.then(change)


def _washed(plane: Floats, paled: Floats, density: Floats, paper: np.float32) -> Floats:
    shown = plane * np.float32(1 / 255)
    bright: Floats = paled * (shown * np.float32(0.6) + np.float32(0.4))
    bright += shown
    np.clip(bright, 0, 1, out=bright)
    bright -= np.float32(1.0)
    bright *= density
    bright += np.float32(1.0)
    bright *= paper
    return bright


def _run(pixels: Pixels, seed: int) -> Pixels:
    """Let outlines stray as wet paint does."""
    h, w = pixels.shape[:2]
    reach = np.float32(max(1.0, h / 220) * 5)
    down = (seeded(fields.noise(h, w, 0, 32), h, w, seed) * reach).astype(np.int32)
    across = (seeded(fields.noise(h, w, 5, 32), h, w, seed) * reach).astype(np.int32)
    down += np.arange(h, dtype=np.int32)[:, None]
    across += np.arange(w, dtype=np.int32)[None, :]
    places = np.clip(down, 0, h - 1) * w + np.clip(across, 0, w - 1)
    # One number per pixel, so that each is moved in one piece.
    whole = np.zeros((h, w, 4), np.uint8)
    whole[:, :, :3] = pixels
    moved: Pixels = whole.view(np.uint32).take(places).view(np.uint8)
    return moved.reshape(h, w, 4)[:, :, :3]


_HATCHES: Final = ((0.44, 0.62, 0.78), (0.27, 0.80, -0.60), (0.15, 0.05, 1.0))
"""Brightness under which strokes begin, and the direction square to them."""


def hatch(shown: Print, step: Finish) -> None:
    """Draw tones as ink: one, two, three directions of strokes the darker it gets, over thin colour."""
    h, w, seed = shown.height, shown.width, shown.seed
    sheet, ink = step.colours
    layers = [(level, seeded(fields.pen_strokes(h, w, x, y), h, w, seed)) for level, x, y in _HATCHES]
    shake = seeded(fields.noise(h, w, 0, 8), h, w, seed)

    def change(planes: Planes, rows: slice) -> Planes:
        for plane in planes:
            np.clip(np.multiply(plane, np.float32(1 / 255), out=plane), 0, 1, out=plane)
        tone = grey_of(planes)
        black = _inked(tone + shake[rows] * np.float32(0.05), layers, rows) * np.float32(0.9 * step.amount)
        return _tinted(planes, np.clip(tone, 0.05, 1), black, sheet, ink)

    shown.then(change)


def _inked(grey: Floats, layers: list[tuple[float, Floats]], rows: slice) -> Floats:
    """Return the share of ink, 0 to 1."""
    black: Floats = np.clip((np.float32(0.085) - grey) * np.float32(26), 0, 1)
    for level, waves in layers:
        deep = np.clip((np.float32(level) - grey) * np.float32(5.0), 0, 1)
        line = waves[rows] - np.float32(1.0)
        line += deep * np.float32(1.5)
        line *= np.float32(4.0)
        line *= deep > 0
        np.maximum(black, np.clip(line, 0, 1, out=line), out=black)
    return black


def _tinted(planes: Planes, tone: Floats, black: Floats, sheet: RGB, ink: RGB) -> Planes:
    """Return thin colour on the sheet with ink over it, 0 to 255."""
    spread = np.maximum(np.maximum(planes[0], planes[1]), planes[2])
    spread -= np.minimum(np.minimum(planes[0], planes[1]), planes[2])
    hue = np.clip(spread * np.float32(2.4) - np.float32(0.25), 0, np.float32(0.88))
    bare = (np.float32(1.0) - black) * (tone * np.float32(0.14) + np.float32(0.86))
    brighter = (tone * np.float32(0.48) + np.float32(0.52)) / tone
    made = []
    for plane, paper, dark in zip(planes, sheet, ink, strict=True):
        out = plane * brighter
        np.minimum(out, np.float32(1.0), out=out)
        out -= np.float32(1.0)
        out *= hue
        out += np.float32(1.0)
        out *= bare
        out *= np.float32(paper)
        out += black * np.float32(dark)
        made.append(out)
    return made
