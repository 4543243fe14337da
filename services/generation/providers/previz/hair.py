"""Hair: a cap over the skull down to a hairline, and what hangs behind it."""

import math
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.build import Build
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Point, clamp, smoothstep
from services.generation.providers.previz.head import HeadView
from services.generation.providers.previz.scene import PrevizCharacter


class Hair(NamedTuple):
    """A hair style.

    Attributes:
        colour: in white light.
        line: hairline: (degrees from the face, height in head heights), ascending degrees.
        swell: thickness over the skull, in head heights.
        back: how far below the middle of the head it hangs, in head heights; 0 is not at all.
        tail: "", "bun", "top-bun", "ponytail", "braid".
        wave: roughness of the outline, 0 to 1.
        parting: -1 to 1, where the hair parts; 2 is no parting.
    """

    colour: RGB
    line: tuple[tuple[float, float], ...]
    swell: float
    back: float
    tail: str
    wave: float
    parting: float


_SHORT: Final = ((0, 0.33), (38, 0.30), (58, 0.16), (72, 0.02), (86, -0.02), (104, -0.06), (140, -0.26), (180, -0.30))
_RECEDED: Final = ((0, 0.44), (30, 0.42), (50, 0.24), (72, 0.04), (90, -0.04), (110, -0.10), (180, -0.30))
_CROP: Final = ((0, 0.35), (40, 0.32), (58, 0.14), (76, 0.04), (98, 0.0), (180, -0.22))
_FRINGE: Final = ((0, 0.20), (34, 0.18), (52, 0.06), (66, -0.30), (84, -0.42), (180, -0.44))
_PARTED: Final = ((0, 0.37), (26, 0.31), (50, 0.20), (68, 0.04), (82, -0.20), (96, -0.44), (180, -0.46))
_SWEPT: Final = ((0, 0.36), (40, 0.29), (62, 0.14), (80, 0.04), (110, -0.14), (180, -0.34))
_SEEDED: Final = ("1c1a22", "2c2220", "4a3426", "241e22", "6a4028", "8a6a44", "3a2c2a")

_STYLES: Final[dict[str, tuple[tuple[tuple[float, float], ...], float, float, str, float]]] = {
    "bald": ((), 0.0, 0.0, "", 0.0),
    "buzz": (_CROP, 0.012, 0.0, "", 0.0),
    "short": (_SHORT, 0.045, 0.0, "", 0.25),
    "slick": (_SWEPT, 0.032, 0.0, "", 0.05),
    "curly": (_SHORT, 0.10, 0.18, "", 1.0),
    "afro": (_SHORT, 0.20, 0.30, "", 0.8),
    "bob": (_FRINGE, 0.075, 0.52, "", 0.12),
    "long": (_PARTED, 0.060, 1.45, "", 0.35),
    "wavy": (_PARTED, 0.085, 1.15, "", 0.8),
    "shoulder": (_PARTED, 0.065, 0.85, "", 0.4),
    "bun": (_SWEPT, 0.038, 0.0, "bun", 0.05),
    "top-bun": (_SWEPT, 0.038, 0.0, "top-bun", 0.05),
    "ponytail": (_SWEPT, 0.042, 0.0, "ponytail", 0.1),
    "braid": (_SWEPT, 0.046, 0.0, "braid", 0.1),
    "receding": (_RECEDED, 0.028, 0.0, "", 0.2),
    "shaggy": (_FRINGE, 0.085, 0.55, "", 0.9),
}
_WORDS: Final[dict[str, str]] = {
    "bald": "bald", "shaved": "buzz", "buzz": "buzz", "buzzcut": "buzz", "crew": "buzz", "cropped": "buzz",
    "slick": "slick", "slicked": "slick", "combed": "slick", "pomade": "slick", "curly": "curly", "curls": "curly",
    "afro": "afro", "coily": "afro", "bob": "bob", "bobbed": "bob", "fringe": "bob", "braid": "braid",
    "braided": "braid", "plait": "braid", "plaited": "braid", "braids": "braid", "ponytail": "ponytail",
    "bun": "bun", "chignon": "bun", "updo": "bun", "topknot": "top-bun", "jata": "top-bun", "wavy": "wavy",
    "waves": "wavy", "flowing": "long", "long": "long", "shoulder": "shoulder", "receding": "receding",
    "balding": "receding", "thinning": "receding", "shaggy": "shaggy", "messy": "shaggy", "tousled": "shaggy",
    "short": "short", "pixie": "short",
}  # fmt: skip


def hair_of(person: PrevizCharacter, build: Build) -> Hair:
    """Return the hair that a person's words describe; the seed settles the rest."""
    dice = Dice("hair", person.id, person.seed)
    text = person.hair or person.description
    words = colours.tokens(text)
    style = next((_WORDS[w] for w in words if w in _WORDS and w not in {"long", "short"}), "")
    if not style:
        style = next((w for w in words if w in {"long", "short"}), "") if person.hair else ""
    if not style:
        style = dice.pick(
            ("long", "shoulder", "bob", "bun", "wavy") if build.feminine else ("short", "slick", "short", "curly")
        )
    colour = colours.find(person.hair) if person.hair else None
    if colour is None:
        colour = rgb(dice.pick(_SEEDED))
    if build.age > 66 and not colours.find(person.hair):
        colour = rgb("b8b4b0")
    line, swell, back, tail, wave = _STYLES[style]
    return Hair(colour, line, swell, back, tail, wave, dice.pick((-0.4, 0.35, 0.0)))


def _height(hair: Hair, degrees: float) -> float:
    low = hair.line[0]
    for high in hair.line:
        if degrees <= high[0]:
            span = high[0] - low[0]
            return high[1] if span <= 0 else low[1] + (high[1] - low[1]) * (degrees - low[0]) / span
        low = high
    return hair.line[-1][1]


def draw_back_hair(brush: Brush, view: HeadView, hair: Hair) -> None:
    """Draw what hangs behind the head; call before the head when the face is seen, after the body when not."""
    colour = brush.dark(brush.cloth(hair.colour), 0.35 if view.ahead > 0 else 0.05)
    if hair.back > 0.0:
        brush.part(_curtain(view, hair), colour, rim=0.9, shade=0.8)
        if view.ahead < 0.1:
            for x in (-0.16, -0.02, 0.13):
                ys = (0.1, -0.3 * hair.back, -0.75 * hair.back)
                brush.crease([view.at(x * (1 + 0.3 * i), y, -0.44) for i, y in enumerate(ys)], 0.5, 0.35)
    if hair.tail:
        _tail(brush, view, hair, colour)


def _curtain(view: HeadView, hair: Hair) -> list[Point]:
    """Return the outline of loose hair: over the skull, down both sides, an uneven lower edge."""
    s, low = hair.swell, -hair.back
    wide = 0.36 + s + 0.05 * hair.wave
    end = wide * (0.80 if hair.back > 0.9 else 1.05)
    left, right = [], []
    for x, y, z in (
        (wide * 0.72, 0.42, -0.06), (wide, 0.20, -0.08), (wide * 1.03, -0.1, -0.10),
        (wide * 1.02, low * 0.55, -0.20), (end, low * 0.9, -0.26),
    ):  # fmt: skip
        bulge = 0.03 * hair.wave * math.sin(y * 14.0)
        left.append(_side(view, x + bulge, y, z, 1.0))
        right.append(_side(view, x - bulge, y, z, -1.0))
    hem = [
        _side(view, end * f, low * (1.0 + 0.05 * (i % 2)), -0.30, 1.0) for i, f in enumerate((0.55, 0.1, -0.35, -0.7))
    ]
    return [view.at(0.0, 0.5 + s, -0.05), *left, *hem, *reversed(right)]


def _side(view: HeadView, x: float, y: float, z: float, sign: float) -> Point:
    """Return a point on the rim of a round mass: as wide in profile as in front."""
    c, s = math.cos(view.azimuth), math.sin(view.azimuth)
    across = x * sign
    # the rim lies square to the view; half of the depth offset stays with the head
    return view.at(across * c, y, z * 0.8 - across * s * 0.95)


def _tail(brush: Brush, view: HeadView, hair: Hair, colour: RGB) -> None:
    spine: tuple[tuple[float, float, float, float], ...]
    if hair.tail in {"bun", "top-bun"}:
        y, z = (0.05, -0.56) if hair.tail == "bun" else (0.60, -0.05)
        c = view.at(0.0, y, z)
        r = view.pixels * 0.17
        ring = [(c[0] + r * math.cos(a), c[1] + r * 0.92 * math.sin(a)) for a in _turns(9)]
        brush.part(ring, colour)
        return
    if hair.tail == "ponytail":
        spine = (
            (0.0, 0.22, -0.44, 0.09),
            (0.02, 0.10, -0.62, 0.13),
            (0.03, -0.3, -0.66, 0.14),
            (0.02, -0.75, -0.58, 0.05),
        )
        brush.part(_rope(view, spine), colour)
        return
    sign = 1.0 if view.turned >= 0 else -1.0
    spine = (
        (0.05 * sign, -0.2, -0.42, 0.12), (0.22 * sign, -0.62, -0.26, 0.10), (0.30 * sign, -1.0, 0.16, 0.09),
        (0.27 * sign, -1.5, 0.30, 0.075), (0.25 * sign, -1.85, 0.30, 0.02),
    )  # fmt: skip
    brush.part(_rope(view, spine), colour)


def _rope(view: HeadView, spine: tuple[tuple[float, float, float, float], ...]) -> list[Point]:
    left, right = [], []
    for x, y, z, r in spine:
        p = view.at(x, y, z)
        left.append((p[0] - r * view.pixels, p[1]))
        right.append((p[0] + r * view.pixels, p[1]))
    return [*left, *reversed(right)]


def draw_hair(brush: Brush, view: HeadView, hair: Hair) -> None:
    """Draw the cap of hair over the skull."""
    if not hair.line:
        return
    colour = brush.cloth(hair.colour)
    points = _cap(view, hair)
    brush.part(points, colour, rim=1.0, shade=0.85, tension=0.46)
    if view.pixels > 42 * brush.canvas.unit:
        _strands(brush, view, hair, colour)


def _cap(view: HeadView, hair: Hair) -> list[Point]:
    """Return the outline of the cap: along the visible hairline, then around the skull."""
    edge: list[Point] = []
    for step in range(-6, 7):
        azimuth = view.azimuth + math.radians(step * 15.0)
        turn = abs((azimuth + math.pi) % math.tau - math.pi)
        y = _height(hair, math.degrees(turn))
        near = hair.swell * (0.25 + 0.75 * smooth_ends(step / 6.0))
        if hair.parting < 1.5 and turn < 0.5 and hair.swell < 0.09:
            side = (azimuth + math.pi) % math.tau - math.pi
            y += 0.03 * math.cos((side - hair.parting * 0.5) * 4.0)
        edge.append(view.around(azimuth, y, near * 0.8))
    start = _height(hair, abs(_folded(view.azimuth + math.pi / 2)))
    end = _height(hair, abs(_folded(view.azimuth - math.pi / 2)))
    crown: list[Point] = []
    for i, y in enumerate((end, 0.0, 0.15, 0.28, 0.38, 0.46)):
        if y >= end:
            crown.append(_rough(view, -1.0, y, hair, i))
    crown.append(view.at(0.0, 0.5 + hair.swell * 1.05, -0.04))
    for i, y in enumerate((0.46, 0.38, 0.28, 0.15, 0.0, start)):
        if y >= start:
            crown.append(_rough(view, 1.0, y, hair, i + 3))
    return [*edge, *reversed(crown)]


def _folded(azimuth: float) -> float:
    return math.degrees((azimuth + math.pi) % math.tau - math.pi)


def smooth_ends(t: float) -> float:
    """Return 1 at the ends (|t| = 1) and 0 in the middle."""
    return clamp(abs(t), 0.0, 1.0) ** 2


def _rough(view: HeadView, side: float, y: float, hair: Hair, index: int) -> Point:
    bump = hair.wave * 0.035 * (1.0 if index % 2 else -0.6)
    swell = hair.swell * (0.35 + 0.65 * smoothstep(-0.12, 0.16, y)) + bump
    return view.around(view.azimuth + side * math.pi / 2, y, swell)


def _strands(brush: Brush, view: HeadView, hair: Hair, colour: RGB) -> None:
    """Suggest the fall of the hair by a few lines and one soft light."""
    light = mix(colour, brush.light.rim, 0.28)
    band = [
        view.around(view.azimuth + math.radians(a), 0.33 + 0.04 * math.cos(math.radians(a * 2)), hair.swell)
        for a in (-55, -30, 0, 30, 55)
    ]
    under = [view.around(view.azimuth + math.radians(a), 0.26, hair.swell) for a in (40, 10, -20, -45)]
    brush.mark([*band, *under], light, 0.30, blur=view.pixels * 0.025)
    root = hair.parting * 0.5
    for i in range(4):
        a = math.radians(-48 + 32 * i)
        top = view.around(view.azimuth * 0.4 + root * 0.5 + a * 0.3, 0.47, hair.swell)
        mid = view.around(view.azimuth + a, 0.36, hair.swell)
        turn = abs(_folded(view.azimuth + a * 1.3))
        low = view.around(view.azimuth + a * 1.3, max(_height(hair, turn) + 0.03, 0.05), hair.swell)
        brush.crease([top, mid, low], 0.5, 0.38)


def _turns(n: int) -> list[float]:
    return [math.tau * i / n for i in range(n)]
