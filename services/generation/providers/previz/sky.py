"""Sky: gradient, sun or moon, stars and clouds, all fixed to directions of the world so that a pan moves them."""

import math

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import WHITE, brighter, mix
from services.generation.providers.previz.display_list import (
    RGB,
    Blend,
    Linear,
    Radial,
    Stop,
    ellipse,
    joined,
    rectangle,
    spline,
)
from services.generation.providers.previz.geometry import Point, clamp
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.style import Look


def draw_sky(canvas: Canvas, camera: Camera, light: Light, look: Look, weather: str, place: str) -> None:
    """Paint the whole frame as sky; the ground comes over it."""
    w, h = canvas.width, canvas.height
    canvas.body(rectangle(0, 0, w, h), _gradient(camera, light, h))
    dice = Dice("sky", place)
    if light.night > 0.5 and weather in {"clear", "cloudy", "wind", "mist"}:
        _stars(canvas, camera, light, dice.fork("stars"))
    if not light.flat:
        _disc(canvas, camera, light, look)
    if weather not in {"fog", "dust"}:
        _clouds(canvas, camera, light, look, weather, dice.fork("clouds"))


def _gradient(camera: Camera, light: Light, height: int) -> Linear:
    top = camera.rolled((camera.centre_x, min(-0.05 * height, camera.horizon - 0.9 * height)))
    foot = camera.rolled((camera.centre_x, camera.horizon + 2))
    a, b, c, d = light.sky
    d = mix(d, light.haze, 0.25)
    return Linear(top, foot, (Stop(0.0, a), Stop(0.42, b), Stop(0.78, c), Stop(1.0, d)))


def _disc(canvas: Canvas, camera: Camera, light: Light, look: Look) -> None:
    x, y, z = light.to_sun
    # A disc high over the frame still lights it from above: it is drawn where the camera can see its glow.
    at = camera.sky_point(math.atan2(x, z), min(math.asin(y), math.radians(26)))
    if at is None:
        return
    u = canvas.unit
    reach = 330 * u * (0.7 if light.night > 0.5 else 1.0)
    strong = 0.9 * look.glow * (0.55 if light.night > 0.5 else 1.0)
    glow = (
        Stop(0.0, light.sun, min(1.0, strong)),
        Stop(0.12, light.sun, 0.5 * strong),
        Stop(0.5, light.key, 0.18 * strong),
        Stop(1.0, light.key, 0.0),
    )
    canvas.tint(ellipse(*at, reach, reach), Radial(at, reach, glow), blend=Blend.SCREEN)
    r = (15 if light.night > 0.5 else 24) * u
    canvas.tint(ellipse(*at, r, r), mix(light.sun, WHITE, 0.55), 0.96, blur=0.8 * u)


def _stars(canvas: Canvas, camera: Camera, light: Light, dice: Dice) -> None:
    u = canvas.unit
    dots = []
    for _ in range(220):
        azimuth, elevation = dice.between(-math.pi, math.pi), dice.between(0.06, 1.2)
        size = dice.between(0.4, 1.3) * u
        p = camera.sky_point(azimuth, elevation)
        if p and 0 < p[0] < canvas.width and 0 < p[1] < canvas.height:
            dots.append(ellipse(*p, size, size))
    if dots:
        canvas.tint(joined(dots), (236.0, 240.0, 255.0), 0.75 * light.night)


def _clouds(canvas: Canvas, camera: Camera, light: Light, look: Look, weather: str, dice: Dice) -> None:
    count, dark = {
        "clear": (7, 0.0), "wind": (14, 0.0), "heat-haze": (3, 0.0), "cloudy": (20, 0.05), "overcast": (26, 0.14),
        "drizzle": (26, 0.20), "rain": (28, 0.28), "storm": (34, 0.50), "snow": (22, 0.06), "mist": (8, 0.0),
    }.get(weather, (8, 0.0))  # fmt: skip
    top, low = light.sky[0], light.sky[3]
    for i in range(count):
        spin = dice.fork(i)
        azimuth, elevation = spin.between(-math.pi, math.pi), spin.between(0.03, 0.62) ** 1.15
        at = camera.sky_point(azimuth, elevation)
        size = spin.between(0.10, 0.30) * camera.focal * (0.55 + elevation)
        if at is None or not -size * 2 < at[0] < canvas.width + size * 2 or at[1] < -size:
            continue
        lit = mix(mix(low, light.sun, 0.25), top, clamp(dark + spin.between(0, 0.25), 0, 1))
        lit = brighter(lit, 1.0 - dark * 0.55)
        _cloud(canvas, at, size, lit, light, look, spin, flat=0.16 + 0.34 * elevation)


def _cloud(
    canvas: Canvas, at: Point, size: float, colour: RGB, light: Light, look: Look, dice: Dice, *, flat: float
) -> None:
    """Draw one cloud: a lobed upper edge and a flat base."""
    lobes = dice.count(4, 7)
    tall = size * flat
    upper = []
    for i in range(lobes * 2 + 1):
        t = i / (lobes * 2)
        hump = math.sin(math.pi * t) ** 0.7
        bump = (0.72 if i % 2 == 0 else 1.0) * dice.between(0.75, 1.1)
        upper.append((at[0] + (t - 0.5) * 2 * size, at[1] - tall * hump * bump))
    lower = [(at[0] + size * 0.5, at[1] + tall * 0.10), (at[0] - size * 0.5, at[1] + tall * 0.12)]
    path = spline([*upper, *lower])
    soft = 0.0 if look.cel else 5.0 * canvas.unit * look.blur
    alpha = 0.85 if look.cel else 0.42
    canvas.tint(path, colour, alpha, blur=soft)
    shade = spline([(x, y + tall * 0.35) for x, y in upper] + lower)
    canvas.tint(shade, mix(colour, light.sky[1], 0.5), alpha * 0.6, blur=soft)
