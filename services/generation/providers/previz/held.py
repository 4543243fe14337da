"""What hands hold."""

import math
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.brush import Brush
from services.generation.providers.previz.colours import WHITE, mix, rgb
from services.generation.providers.previz.display_list import RGB, Blend, Radial, Stop, ellipse, polygon
from services.generation.providers.previz.geometry import Point, along, sub, unit
from services.generation.providers.previz.keepsakes import DETAILS, Place
from services.generation.providers.previz.skeleton import Skeleton


class Hold(NamedTuple):
    """A kind of prop.

    Attributes:
        words: that name it. colour: usual. pose: gesture that it asks for, or "". lit: True glows.
    """

    words: str
    colour: str
    pose: str = ""
    lit: bool = False


HOLDS: Final[dict[str, Hold]] = {
    "umbrella": Hold("umbrella parasol", "2a2a36", "hold"),
    "gun": Hold("gun pistol revolver handgun", "2c2c34", ""),
    "cigarette": Hold("cigarette cigar bidi", "f0ead8", "smoke", lit=True),
    "glass": Hold("glass whiskey whisky drink cocktail wine goblet", "d8a860", "drink"),
    "bottle": Hold("bottle flask", "3a5a3c", "hold"),
    "cup": Hold("cup mug chai tea coffee", "e8e0d0", "hold"),
    "flute": Hold("flute bansuri", "c89a50", "flute"),
    "book": Hold("book ledger diary notebook journal scripture manuscript", "7a3a34", "read"),
    "paper": Hold("letter paper newspaper map note envelope scroll file dossier folder", "ece4d0", "read"),
    "photo": Hold("photo photograph polaroid snapshot", "b89870", "read"),
    "phone": Hold("phone telephone receiver smartphone", "1e1c24", "phone"),
    "case": Hold("briefcase suitcase case valise", "4a3426", ""),
    "lantern": Hold("lantern lamp diya oil-lamp", "e0a040", "hold", lit=True),
    "torch": Hold("torch flashlight", "3a3a44", "hold", lit=True),
    "knife": Hold("knife dagger scalpel cleaver switchblade", "c8ccd4", ""),
    "sword": Hold("sword blade katana sabre", "c8ccd4", ""),
    "cane": Hold("cane staff stick crook cudgel walking-stick", "6a4a2c", ""),
    "pot": Hold("pot matka pitcher vessel urn", "a8622c", "head_carry"),
    "flower": Hold("flower flowers bouquet lotus rose blossom petals", "e06a90", "hold"),
    "basket": Hold("basket tray crate box parcel package", "a87c48", "carry"),
    "key": Hold("key keys", "c8a84c", "hold"),
    "garland": Hold("garland wreath mala necklace locket beads", "f0a028", "hold"),
    "ring": Hold("ring", "e0b850", "hold"),
    "watch": Hold("watch pocketwatch stopwatch compass", "c8a04c", "hold"),
    "object": Hold("thing object coin badge jewel idol", "c0a060", "hold"),
    "candle": Hold("candle", "f0e4c8", "hold", lit=True),
}
_KINDS: Final = {word: kind for kind, hold in HOLDS.items() for word in hold.words.split()}


def held_named(text: str) -> str:
    """Return the kind of prop that a text names, or an empty string."""
    kinds = [_KINDS[w] for w in colours.tokens(text) if w in _KINDS]
    # Paper may be what a thing is made of.
    return next((kind for kind in kinds if kind != "paper"), "paper" if kinds else "")


class Grip(NamedTuple):
    """Where a prop is: the hand, the direction of the forearm on the screen, pixels per metre, mouth and crown.

    up: where upright things point on the screen; None is up.
    aim: a metre along the hand on the screen, in pixels per `k`: short when it points at the lens or away.
    """

    hand: Point
    along: Point
    k: float
    side: float
    mouth: Point
    crown: Point
    up: Point | None = None
    aim: Point | None = None


def grip_of(brush: Brush, bones: Skeleton, side: str, head: float) -> Grip:
    """Return the grip of one hand; head: its height in metres."""
    wrist, tip = brush.camera.project(bones[f"wrist_{side}"]), brush.camera.project(bones[f"hand_{side}"])
    elbow = brush.camera.project(bones[f"elbow_{side}"])
    dx, dy = tip[0] - elbow[0], tip[1] - elbow[1]
    run = math.hypot(dx, dy) or 1.0
    hand = (wrist[0] + (tip[0] - wrist[0]) * 0.6, wrist[1] + (tip[1] - wrist[1]) * 0.6)
    body = brush.camera.project(bones["chest"])
    centre = bones["head"]
    mouth = along(along(centre, bones.crown, -0.29 * head), bones.face, 0.40 * head)
    crown = along(centre, bones.crown, 0.5 * head)
    sign = 1.0 if hand[0] >= body[0] else -1.0
    to = brush.camera.project
    at, on = bones[f"wrist_{side}"], bones[f"hand_{side}"]
    muzzle = to(along(on, unit(sub(on, at)), 0.2))
    aim = ((muzzle[0] - tip[0]) / (0.2 * brush.k), (muzzle[1] - tip[1]) / (0.2 * brush.k))
    return Grip(hand, (dx / run, dy / run), brush.k, sign, to(mouth), to(crown), aim=aim)


def draw_held(brush: Brush, grip: Grip, kind: str, colour: RGB) -> None:
    """Draw the prop in a hand; the fingers come after."""
    cloth = brush.cloth(colour)
    if kind in _SHAPES:
        draw_thing(brush, _placing(grip, _SHAPES[kind][1]), kind, cloth)
    elif kind == "umbrella":
        _umbrella(brush, grip, cloth)
    elif kind == "flower":
        _flowers(brush, grip, cloth)
    elif kind == "garland":
        _garland(brush, grip, cloth)
    elif kind == "flute":
        _flute(brush, grip, cloth)
    if HOLDS[kind].lit:
        _flame(brush, grip, kind)


# outlines in metres: x along the prop, y across; "up" stands upright, "arm" follows the forearm, "level" lies
_SHAPES: Final[dict[str, tuple[tuple[Point, ...], str]]] = {
    "gun": (((-0.02, -0.02), (0.19, -0.022), (0.19, 0.018), (0.05, 0.024), (0.035, 0.10), (-0.02, 0.11)), "arm"),
    "cigarette": (((0.02, -0.005), (0.10, -0.005), (0.10, 0.005), (0.02, 0.005)), "level"),
    "glass": (((-0.05, -0.033), (0.05, -0.040), (0.05, 0.040), (-0.05, 0.033)), "up"),
    "cup": (((-0.045, -0.034), (0.045, -0.042), (0.045, 0.042), (-0.045, 0.034)), "up"),
    "bottle": (((-0.14, -0.036), (0.06, -0.036), (0.10, -0.014), (0.17, -0.014), (0.17, 0.014), (0.10,
        0.014), (0.06, 0.036), (-0.14, 0.036)), "up"),
    "book": (((-0.10, -0.14), (0.12, -0.14), (0.12, 0.14), (-0.10, 0.14)), "up"),
    "paper": (((-0.09, -0.11), (0.14, -0.12), (0.15, 0.10), (-0.08, 0.12)), "up"),
    "photo": (((-0.03, -0.075), (0.12, -0.075), (0.12, 0.075), (-0.03, 0.075)), "up"),
    "phone": (((-0.06, -0.035), (0.10, -0.035), (0.10, 0.035), (-0.06, 0.035)), "up"),
    "case": (((-0.36, -0.21), (-0.05, -0.21), (-0.05, -0.05), (-0.01, -0.05), (-0.01, 0.05), (-0.05, 0.05),
        (-0.05, 0.21), (-0.36, 0.21)), "up"),
    "lantern": (((-0.28, -0.075), (-0.09, -0.065), (-0.05, -0.02), (0.0, 0.0), (-0.05, 0.02), (-0.09,
        0.065), (-0.28, 0.075)), "up"),
    "torch": (((-0.06, -0.018), (0.10, -0.018), (0.13, -0.034), (0.18, -0.034), (0.18, 0.034), (0.13,
        0.034), (0.10, 0.018), (-0.06, 0.018)), "arm"),
    "sword": (((-0.10, -0.014), (0.04, -0.014), (0.05, -0.08), (0.07, -0.08), (0.07, -0.018), (0.78,
        -0.014), (0.86, 0.0), (0.78, 0.014), (0.07, 0.018), (0.07, 0.08), (0.05, 0.08), (0.04, 0.014),
        (-0.10, 0.014)), "arm_up"),
    "cane": (((-0.86, -0.013), (0.10, -0.013), (0.10, 0.013), (-0.86, 0.013)), "up"),
    "pot": (((-0.02, -0.10), (0.04, -0.19), (0.20, -0.20), (0.32, -0.10), (0.36, -0.12), (0.36, 0.12),
        (0.32, 0.10), (0.20, 0.20), (0.04, 0.19), (-0.02, 0.10)), "up"),
    "basket": (((-0.08, -0.20), (0.13, -0.27), (0.13, 0.27), (-0.08, 0.20)), "up"),
    "key": (((0.006, -0.005), (0.005, -0.020), (-0.012, -0.028), (-0.030, -0.020), (-0.034, 0.0), (-0.030, 0.020),
        (-0.012, 0.028), (0.005, 0.020), (0.006, 0.005), (0.088, 0.005), (0.088, -0.005)), "up"),
    "ring": (((0.030, 0.0), (0.024, -0.011), (0.010, -0.015), (-0.004, -0.011), (-0.010, 0.0), (-0.004, 0.011),
        (0.010, 0.015), (0.024, 0.011)), "up"),
    "watch": (((0.054, 0.0), (0.045, -0.023), (0.022, -0.032), (-0.001, -0.023), (-0.010, 0.0), (-0.001, 0.023),
        (0.022, 0.032), (0.045, 0.023)), "up"),
    "knife": (((-0.07, -0.013), (0.05, -0.015), (0.06, -0.018), (0.17, -0.020), (0.235, -0.012), (0.19, 0.006),
        (0.06, 0.010), (0.05, 0.012), (-0.07, 0.015)), "arm_up"),
    "object": (((-0.03, -0.035), (0.01, -0.05), (0.05, -0.035), (0.07, 0.0), (0.05, 0.035), (0.01, 0.05),
        (-0.03, 0.035)), "up"),
    "candle": (((-0.06, -0.016), (0.12, -0.016), (0.12, 0.016), (-0.06, 0.016)), "up"),
}  # fmt: skip


def draw_thing(brush: Brush, place: Place, kind: str, cloth: RGB) -> None:
    """Draw a thing without the hand; what has no outline of its own is drawn as a plain object.

    Args:
        brush: draws.
        place: from metres along the thing and across it to pixels.
        kind: key of `HOLDS`.
        cloth: its colour, as lit.
    """
    shape, _ = _SHAPES.get(kind, _SHAPES["object"])
    brush.part([place(a, b) for a, b in shape], cloth, tension=0.5 if kind in _ROUND else 0.12)
    detail = DETAILS.get(kind)
    if detail is not None and brush.k > 420 * brush.canvas.unit:
        detail(brush, place, cloth)


def outline_of(kind: str) -> tuple[Point, ...]:
    """Return a thing's outline in metres: along it and across it."""
    return _SHAPES.get(kind, _SHAPES["object"])[0]


def reach_of(kind: str) -> tuple[float, float, float]:
    """Return how far a thing goes down, up and across, in metres."""
    shape, _ = _SHAPES.get(kind, _SHAPES["object"])
    along, across = [p[0] for p in shape], [p[1] for p in shape]
    return min(along), max(along), max(across) - min(across)


_ROUND: Final = frozenset({"ring", "watch"})
PINCHED: Final = frozenset(
    ["paper", "photo", "key", "ring", "watch", "object", "cigarette", "flower", "garland", "phone", "book", "basket"]
)
"""What fingertips hold from behind, with the thumb in front; anything else is in a fist."""

_SHEETS: Final = frozenset({"paper", "photo", "book"})


def held_by_the_edge(grip: Grip, kind: str, fingers: Point) -> Grip:
    """Return the grip moved on, so that fingers that point in a direction hold a sheet or a book by its edge."""
    if kind not in _SHEETS:
        return grip
    low, high, wide = reach_of(kind)
    up = grip.up or (0.0, -1.0)
    rise = fingers[0] * up[0] + fingers[1] * up[1]
    extent = wide / 2 if abs(rise) < 0.7 else (-low if rise > 0 else high)
    by = max(0.0, extent - 0.05) * grip.k
    return grip._replace(hand=(grip.hand[0] + fingers[0] * by, grip.hand[1] + fingers[1] * by))


def _placing(grip: Grip, turn: str) -> Place:
    """Return where a thing's points are: metres along it and across it to pixels."""
    u, n = _axes(grip, turn)
    (x, y), k = grip.hand, grip.k

    def at(a: float, b: float) -> Point:
        return (x + (u[0] * a + n[0] * b) * k, y + (u[1] * a + n[1] * b) * k)

    return at


def _axes(grip: Grip, turn: str) -> tuple[Point, Point]:
    """Return a metre along a thing and a metre across it on the screen, in pixels per `k`."""
    if turn == "arm" and grip.aim is not None:
        # A barrel goes on where the hand points, and shortens as it turns to the lens.
        run = math.hypot(*grip.aim)
        if run > 0.12:
            x, y = grip.aim[0] / run, grip.aim[1] / run
            shown = min(1.0, max(run, 0.30))
            return (x * shown, y * shown), ((-y, x) if x >= 0 else (y, -x))
    u = {
        "up": grip.up or (0.06 * grip.side, -1.0),
        "arm": grip.along,
        "level": (grip.side, -0.15),
        "arm_up": (grip.along[0] * 0.5 + 0.35 * grip.side, -0.86),
    }[turn]
    n = (-u[1], u[0])
    if turn == "arm" and n[1] < 0:
        n = (u[1], -u[0])  # butts hang down, whichever side the arm points to
    return u, n


def _garland(brush: Brush, grip: Grip, cloth: RGB) -> None:
    """Draw a loop of flowers that hangs from the hand."""
    (x, y), k = grip.hand, grip.k
    for i in range(15):
        a = math.tau * i / 15
        c = (x + 0.085 * k * math.sin(a), y + (0.17 - 0.17 * math.cos(a)) * k)
        r = 0.026 * k
        bloom = [(c[0] + r * math.cos(t), c[1] + r * math.sin(t)) for t in (0.2, 1.4, 2.7, 4.0, 5.2)]
        brush.part(bloom, mix(cloth, WHITE, 0.16 * (i % 2)), shade=0.4, rim=0.3, ink=0.7)


def _flute(brush: Brush, grip: Grip, cloth: RGB) -> None:
    """Draw a flute from the lips over the hand and on."""
    (x0, y0), (x1, y1) = grip.mouth, grip.hand
    dx, dy = x1 - x0, y1 - y0
    run = math.hypot(dx, dy)
    if run > 0.75 * grip.k:
        # In a lowered hand it lies across the fist.
        dx, dy, run = math.copysign(0.85, -grip.along[0]), -0.53, 1.0
        x0, y0 = x1 - dx * 0.26 * grip.k, y1 - dy * 0.26 * grip.k
    u, n, w = (dx / run, dy / run), (-dy / run, dx / run), 0.013 * grip.k
    far = max(run, 0.3 * grip.k) + 0.16 * grip.k
    near = -0.05 * grip.k
    corners = [(near, -w), (far, -w), (far, w), (near, w)]
    brush.part(
        [(x0 + u[0] * a + n[0] * b, y0 + u[1] * a + n[1] * b) for a, b in corners], cloth, tension=0.0, shade=0.4
    )
    for i in range(6 if grip.k > 300 * brush.canvas.unit else 0):
        a = near + (0.16 + 0.045 * i) * grip.k
        c = (x0 + u[0] * a - n[0] * w * 0.35, y0 + u[1] * a - n[1] * w * 0.35)
        brush.canvas.tint(ellipse(*c, w * 0.36, w * 0.30), mix(cloth, rgb("2a1c10"), 0.8))


def _umbrella(brush: Brush, grip: Grip, cloth: RGB) -> None:
    (x, y), k = grip.hand, grip.k
    # The canopy clears head and hat, however low the hand is.
    top = ((x + grip.crown[0]) / 2 - grip.side * 0.05 * k, min(y - 0.98 * k, grip.crown[1] - 0.40 * k))
    brush.canvas.solid_line(
        polygon([(x + grip.side * 0.02 * k, y + 0.1 * k), top], closed=False), rgb("2a2428"), max(1.2, k * 0.014)
    )

    def at(a: float, b: float) -> Point:
        return (top[0] + a * k, top[1] - b * k)

    canopy = [
        at(-0.58, -0.27), at(-0.50, -0.06), at(-0.28, 0.10), at(0.0, 0.15), at(0.28, 0.10), at(0.50, -0.06),
        at(0.58, -0.27), at(0.38, -0.20), at(0.19, -0.26), at(0.0, -0.19), at(-0.19, -0.26), at(-0.38, -0.20),
    ]  # fmt: skip
    brush.part(canopy, cloth)
    for a in (-0.19, 0.0, 0.19):
        brush.crease([at(0.0, 0.15), at(a * 1.25, 0.0), at(a, -0.23)], 0.6, 0.6)


def _flowers(brush: Brush, grip: Grip, cloth: RGB) -> None:
    (x, y), k = grip.hand, grip.k
    for i, (dx, dy) in enumerate(((0.0, -0.16), (-0.06, -0.11), (0.06, -0.12), (0.0, -0.06))):
        p = (x + dx * k, y + dy * k)
        brush.canvas.solid_line(polygon([(x, y), p], closed=False), brush.cloth(rgb("4a7a3c")), max(1.0, k * 0.01))
        r = k * 0.042
        brush.part(
            [(p[0] + r * math.cos(a), p[1] + r * math.sin(a)) for a in (0.3, 1.5, 2.8, 4.0, 5.3)],
            mix(cloth, WHITE, 0.12 * i),
            shade=0.4,
        )


def _flame(brush: Brush, grip: Grip, kind: str) -> None:
    (x, y), k = grip.hand, grip.k
    up = {"lantern": -0.17, "candle": 0.15, "torch": 0.0, "cigarette": 0.0}[kind]
    at = (x, y - up * k)
    if kind in {"torch", "cigarette"}:
        u = grip.along if kind == "torch" else (grip.side, -0.15)
        reach = 0.2 if kind == "torch" else 0.10
        at = (x + u[0] * reach * k, y + u[1] * reach * k)
    radius = k * {"lantern": 0.85, "candle": 0.5, "torch": 0.7, "cigarette": 0.05}[kind]
    warm = rgb("ffb050")
    stops = (Stop(0.0, rgb("fff2c8"), 0.95), Stop(0.12, warm, 0.7), Stop(0.45, warm, 0.18), Stop(1.0, warm, 0.0))
    brush.canvas.tint(ellipse(*at, radius, radius), Radial(at, radius, stops), blend=Blend.SCREEN)
