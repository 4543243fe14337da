"""What the air carries: rain, snow, fog, dust, leaves, and shafts of light."""

import math

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import WHITE, brighter, mix, rgb
from services.generation.providers.previz.display_list import (
    RGB,
    Blend,
    Linear,
    Path,
    Stop,
    ellipse,
    joined,
    polygon,
    rectangle,
    spline,
)
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.style import Look

_LEAVES = {
    "spring": ("f4b8cc", "fbdce4"),
    "summer": ("8aa858", "a8b868"),
    "autumn": ("d8702c", "c8482c", "e0a03c"),
    "winter": ("8a7a68",),
}


def draw_air(canvas: Canvas, camera: Camera, light: Light, weather: str, season: str, dice: Dice) -> None:
    """Draw the weather between the camera and the set; outdoors only."""
    if weather in {"drizzle", "rain", "storm"}:
        _rain(canvas, camera, light, weather, dice.fork("rain"))
    elif weather == "snow":
        _snow(canvas, light, dice.fork("snow"))
    elif weather in {"fog", "mist"}:
        _fog(canvas, camera, light, 0.50 if weather == "fog" else 0.30, dice.fork("fog"))
    elif weather == "dust":
        _fog(canvas, camera, light, 0.42, dice.fork("dust"))
        _flecks(canvas, dice.fork("flecks"), 90, mix(light.haze, WHITE, 0.3), 1.1, 0.5)
    elif weather == "wind":
        _leaves(canvas, light, season, dice.fork("leaves"), 34)
    elif weather == "heat-haze":
        _shimmer(canvas, camera, light, dice.fork("heat"))


def draw_shafts(canvas: Canvas, camera: Camera, light: Light, look: Look, strength: float, dice: Dice) -> None:
    """Draw shafts of light from the sun's direction through the air."""
    x, y, z = light.to_sun
    at = camera.sky_point(math.atan2(x, z), max(math.asin(y), 0.5))
    if at is None or strength < 0.05:
        return
    unit, far = canvas.unit, 1.6 * max(canvas.width, canvas.height)
    start = (at[0], min(at[1], -60 * unit))
    made: list[Path] = []
    for _ in range(6):
        a = math.pi / 2 + dice.between(-0.85, 0.85)
        wide = dice.between(0.018, 0.055)
        ends = [(start[0] + far * math.cos(a + s * wide), start[1] + far * math.sin(a + s * wide)) for s in (-1, 1)]
        made.append(polygon([start, *ends]))
    fade = Linear(
        (0, 0),
        (0, canvas.height),
        (Stop(0, light.key, 0.26 * strength), Stop(0.9, light.key, 0.0), Stop(1, light.key, 0.0)),
    )
    canvas.tint(joined(made), fade, blur=9 * unit * max(look.blur, 0.2), blend=Blend.SCREEN)


def draw_motes(canvas: Canvas, light: Light, season: str, kit: str, dice: Dice) -> None:
    """Draw petals, leaves or fireflies that drift where plants are."""
    if kit not in {"forest", "meadow", "riverbank", "temple"}:
        return
    if light.night > 0.5 and season != "winter":
        for _ in range(26):
            p = (dice.unit() * canvas.width, dice.between(0.35, 0.95) * canvas.height)
            r = dice.between(1.0, 2.2) * canvas.unit
            canvas.tint(ellipse(*p, r * 3.4, r * 3.4), rgb("c8ff70"), 0.16, blur=r * 1.5, blend=Blend.SCREEN)
            canvas.tint(ellipse(*p, r, r), rgb("f0ffb0"), 0.9)
        return
    if season in {"spring", "autumn"}:
        _leaves(canvas, light, season, dice, 22)
    elif light.key_level > 0.7:
        _flecks(canvas, dice, 46, light.rim, 0.9, 0.34)


def _rain(canvas: Canvas, camera: Camera, light: Light, weather: str, dice: Dice) -> None:
    heavy = {"drizzle": 0.4, "rain": 1.0, "storm": 1.7}[weather]
    slant = {"drizzle": 0.05, "rain": 0.13, "storm": 0.32}[weather] * dice.sign()
    w, h, unit = canvas.width, canvas.height, canvas.unit
    area = (w * h) / (1024 * 576 * unit * unit)
    drop = mix(light.haze, WHITE, 0.55)
    for count, size, wide, alpha in ((170, 15, 0.7, 0.26), (90, 30, 1.1, 0.30), (26, 66, 1.9, 0.24)):
        lines = []
        for _ in range(round(count * heavy * area)):
            x, y = dice.between(-0.1, 1.1) * w, dice.between(-0.1, 1.0) * h
            run = size * dice.between(0.6, 1.3) * unit
            lines.append(polygon([(x, y), (x - run * slant, y + run)], closed=False))
        if lines:
            canvas.stroke(joined(lines), drop, wide * unit, alpha)
    if camera.horizon < h * 0.92 and heavy > 0.5:
        rings = []
        for _ in range(round(60 * heavy * area)):
            t = dice.unit() ** 0.7
            y = camera.horizon + 16 * unit + (h - camera.horizon) * t
            x, r = dice.unit() * w, (3 + 10 * t) * unit
            rings.append(spline([(x - r, y), (x, y - r * 0.3), (x + r, y)], closed=False))
        canvas.stroke(joined(rings), drop, 0.9 * unit, 0.36)
    if weather == "storm" and dice.happens(0.6) and camera.horizon > h * 0.2:
        _lightning(canvas, camera, dice)


def _lightning(canvas: Canvas, camera: Camera, dice: Dice) -> None:
    w, unit = canvas.width, canvas.unit
    x, y = dice.between(0.1, 0.9) * w, -5.0
    bolt = [(x, y)]
    while y < camera.horizon * 0.94:
        y += dice.between(16, 44) * unit
        x += dice.between(-26, 26) * unit
        bolt.append((x, y))
    path = polygon(bolt, closed=False)
    canvas.stroke(path, rgb("b8c8ff"), 9 * unit, 0.55, blur=6 * unit, blend=Blend.SCREEN)
    canvas.stroke(path, rgb("f4f6ff"), 2.2 * unit, 0.95)


def _snow(canvas: Canvas, light: Light, dice: Dice) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    white = brighter(mix(light.haze, WHITE, 0.85), 1.0 - 0.2 * light.night)
    for count, r, alpha, blur in ((260, 1.0, 0.75, 0.0), (110, 2.0, 0.80, 0.5), (26, 5.0, 0.50, 2.4)):
        flakes = []
        for _ in range(count):
            size = r * dice.between(0.6, 1.3) * unit
            flakes.append(ellipse(dice.unit() * w, dice.unit() * h, size, size))
        canvas.tint(joined(flakes), white, alpha, blur=blur * unit)


def _fog(canvas: Canvas, camera: Camera, light: Light, thick: float, dice: Dice) -> None:
    w, h, unit = canvas.width, canvas.height, canvas.unit
    row = min(max(camera.horizon, 0.1 * h), 0.9 * h)
    veil = Linear(
        (0, row - 0.5 * h),
        (0, row + 0.5 * h),
        (Stop(0, light.haze, 0.10 * thick), Stop(0.5, light.haze, 0.8 * thick), Stop(1, light.haze, 0.12 * thick)),
    )
    canvas.tint(rectangle(0, 0, w, h), veil)
    for _ in range(5):
        x, y = dice.between(-0.2, 0.8) * w, row + dice.between(-0.12, 0.34) * h
        run, tall = dice.between(0.4, 0.8) * w, dice.between(10, 34) * unit
        band = [
            (x, y),
            (x + run * 0.3, y - tall),
            (x + run * 0.7, y - tall * 0.6),
            (x + run, y),
            (x + run * 0.6, y + tall * 0.5),
            (x + run * 0.25, y + tall * 0.4),
        ]
        canvas.tint(spline(band), mix(light.haze, WHITE, 0.2), 0.34 * thick, blur=14 * unit)


def _flecks(canvas: Canvas, dice: Dice, count: int, colour: RGB, size: float, alpha: float) -> None:
    made = []
    for _ in range(count):
        r = size * dice.between(0.5, 1.5) * canvas.unit
        made.append(ellipse(dice.unit() * canvas.width, dice.unit() * canvas.height, r, r))
    canvas.tint(joined(made), colour, alpha, blend=Blend.SCREEN)


def _leaves(canvas: Canvas, light: Light, season: str, dice: Dice, count: int) -> None:
    for code in _LEAVES[season]:
        made = []
        for _ in range(count // len(_LEAVES[season]) + 1):
            x, y = dice.unit() * canvas.width, dice.unit() * canvas.height
            r, a = dice.between(1.6, 4.2) * canvas.unit, dice.between(0, math.pi)
            c, s = math.cos(a) * r, math.sin(a) * r
            made.append(
                spline(
                    [
                        (x - c * 1.6, y - s * 1.6),
                        (x + s * 0.6, y - c * 0.6),
                        (x + c * 1.6, y + s * 1.6),
                        (x - s * 0.6, y + c * 0.6),
                    ]
                )
            )
        canvas.tint(joined(made), mix(rgb(code), light.fill, 0.25), 0.85)


def _shimmer(canvas: Canvas, camera: Camera, light: Light, dice: Dice) -> None:
    for i in range(7):
        y = camera.horizon + (i - 2) * 5 * canvas.unit
        wave = [(x / 10 * canvas.width, y + dice.between(-2, 2) * canvas.unit) for x in range(11)]
        canvas.stroke(
            spline(wave, closed=False),
            mix(light.sun, WHITE, 0.4),
            3 * canvas.unit,
            0.16,
            blur=2 * canvas.unit,
            blend=Blend.SCREEN,
        )


def draw_blinds(canvas: Canvas, strength: float, dice: Dice) -> None:
    """Throw the shadow of blinds or a fire escape across the picture: a film noir's slats of light."""
    w, h = canvas.width, canvas.height
    lean = 0.16 * w * dice.sign()
    bands: list[Path] = []
    for i in range(13):
        y = (i / 12.0 - 0.1) * h
        bands.append(polygon([(-20, y), (w + 20, y + lean), (w + 20, y + lean + h * 0.042), (-20, y + h * 0.042)]))
    canvas.tint(joined(bands), (6.0, 6.0, 10.0), 0.5 * strength, blur=1.6 * canvas.unit, blend=Blend.MULTIPLY)
