"""Far backdrops: ridges and skylines around the set."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.layout import Panel, Thing
from services.generation.providers.previz.places.solids import upright


def ridge(dice: Dice, away: float, tall: float, colour: RGB, *, peaks: bool = False, snow: bool = False) -> Thing:
    """Return a ring of hills about the mark, `away` metres off and up to `tall` metres high.

    Args:
        dice: shapes them.
        away: metres.
        tall: as `away`.
        colour: in white light.
        peaks: sharp instead of rounded.
        snow: white summits.
    """
    steps = 96
    phases = [dice.between(0, math.tau) for _ in range(4)]
    heights = []
    for i in range(steps):
        a = math.tau * i / steps
        wave = sum(math.sin(a * n + p) / n for n, p in zip((3, 5, 9, 17), phases, strict=True))
        rough = dice.between(-0.32, 0.5) if peaks else dice.between(-0.06, 0.06)
        heights.append(tall * max(0.16, 0.55 + 0.33 * wave + rough * (0.8 if i % 2 else 0.25)))
    panels: list[Panel] = []
    span = 12
    for start in range(0, steps, span):
        top: list[Vec3] = []
        for j in range(span + 1):
            a = math.tau * (start + j) / steps
            top.append((away * math.sin(a), heights[(start + j) % steps], away * math.cos(a)))
        low = [(p[0], -2.0, p[2]) for p in (top[-1], top[0])]
        middle = math.tau * (start + span / 2) / steps
        inward = (-math.sin(middle), 0.0, -math.cos(middle))
        panels.append(Panel((*top, *low), colour, inward, 0.0, 0.0, both=True))
        if snow:
            panels += _caps(top, tall, mix(colour, WHITE, 0.75), inward)
    return Thing((0.0, 0.0, away), tuple(panels), backdrop=True)


def _caps(top: list[Vec3], tall: float, colour: RGB, inward: Vec3) -> list[Panel]:
    made = []
    for a, b, c in zip(top, top[1:], top[2:], strict=False):
        if b[1] > a[1] and b[1] > c[1] and b[1] > tall * 0.5:
            left = _between(b, a, 0.42)
            right = _between(b, c, 0.42)
            notch = (b[0], b[1] - (b[1] - min(left[1], right[1])) * 0.6, b[2])
            made.append(Panel((left, b, right, notch), colour, inward, 0.0, 0.0, both=True))
    return made


def _between(a: Vec3, b: Vec3, t: float) -> Vec3:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def skyline(dice: Dice, away: float, tallest: float, base: float, *, lit: float = 0.35) -> Thing:
    """Return a ring of towers about the mark, standing `base` metres below or above the ground."""
    panels: list[Panel] = []
    a = 0.0
    while a < math.tau:
        wide = dice.between(0.05, 0.11)
        h = base + tallest * dice.between(0.25, 1.0) ** 1.5
        r = away * dice.between(0.85, 1.15)
        x0, z0 = r * math.sin(a), r * math.cos(a)
        x1, z1 = r * math.sin(a + wide), r * math.cos(a + wide)
        inward = (-math.sin(a), 0.0, -math.cos(a))
        wall = rgb(dice.pick(("5a6074", "66607a", "54586a", "706878")))
        panels.append(upright(x0, z0, x1, z1, min(base, -1.0), h, wall, inward, edge=0.25, both=True))
        floors, columns = max(1, int((h - max(base, 0.0)) / 5.5)), 4
        for i in range(floors):
            for j in range(columns):
                if not dice.happens(lit * 0.6):
                    continue
                y = h - (i + 0.7) * 5.5
                t0, t1 = (j + 0.25) / columns, (j + 0.65) / columns
                code = dice.pick(("ffd78a", "ffe6b0", "bfe0ff", "ffc46b"))
                panels.append(upright(
                    0.99 * (x0 + (x1 - x0) * t0), 0.99 * (z0 + (z1 - z0) * t0),
                        0.99 * (x0 + (x1 - x0) * t1), 0.99 * (z0 + (z1 - z0) * t1),
                    y, y + 2.2, rgb(code), inward, glow=0.8, edge=0.0, both=True,
                ))  # fmt: skip
        a += wide * dice.between(0.95, 1.25)
    return Thing((0.0, 0.0, away), tuple(panels), backdrop=True)
