"""The ground plane: its colour by distance, its texture, water, puddles and what they mirror."""

import math
from functools import lru_cache

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import brighter, mix, rgb
from services.generation.providers.previz.display_list import (
    RGB,
    Blend,
    Linear,
    Path,
    Stop,
    Tag,
    ellipse,
    joined,
    polygon,
    spline,
)
from services.generation.providers.previz.geometry import UP, Point, Vec3, clamp
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.places.layout import Ground, Layout
from services.generation.providers.previz.style import Look

_FAR_M = 900.0
_STEEP = math.radians(-14.0)
_LITTER = ("f4f0e0", "e8c860", "4a5c34")


def draw_ground(canvas: Canvas, camera: Camera, light: Light, look: Look, layout: Layout) -> None:
    """Paint the ground from the horizon to the lower edge, with its marks and its water."""
    colour = layout.ground_colour
    canvas.tag = Tag(camera.plane((0.0, 0.0, 0.0), UP))
    if layout.ground is Ground.ROOF:
        # A roof is a part of the set; what lies below it is the air over the city.
        canvas.tag = Tag()
        canvas.body(polygon(_below_horizon(camera)), mix(light.haze, light.sky[2], 0.5))
        return
    canvas.body(polygon(_below_horizon(camera)), _fade(camera, light, colour))
    for outline, paint in layout.lines:
        _flat(canvas, camera, light, outline, paint)
    texture_ground(canvas, camera, light, look, layout)
    if light.wet > 0.05:
        _sheen(canvas, camera, light)
    for water in layout.water:
        _water(canvas, camera, light, look, water.corners, water.colour)
    canvas.tag = Tag()


def _below_horizon(camera: Camera) -> list[Point]:
    w, h = camera.width, camera.height
    far = 2.0 * max(w, h)
    y = camera.horizon
    low = max(y + 1.0, h + far)
    return [camera.rolled(p) for p in ((-far, y), (w + far, y), (w + far, low), (-far, low))]


def _fade(camera: Camera, light: Light, colour: RGB) -> Linear:
    """Return the ground's colour by row: nearer rows are darker and less hazy."""
    top, bottom = camera.horizon, max(camera.horizon + 8.0, float(camera.height))
    stops = []
    for t in (0.0, 0.015, 0.04, 0.10, 0.22, 0.45, 1.0):
        row = top + (bottom - top) * t
        depth = min(_FAR_M, camera.focal * max(camera.position[1], 0.1) / max(row - top, 0.5))
        lit = light.surface(colour, UP, depth)
        near = clamp(1.0 - depth / 9.0, 0.0, 1.0) * 0.26
        stops.append(Stop(t, mix(lit, brighter(lit, 0.55), near)))
    x = camera.centre_x
    return Linear(camera.rolled((x, top)), camera.rolled((x, bottom)), tuple(stops))


def _flat(canvas: Canvas, camera: Camera, light: Light, outline: tuple[Vec3, ...], colour: RGB) -> None:
    points = camera.outline(outline)
    if not points:
        return
    near = max(1.0, min(camera.depth(p) for p in outline))
    far = max(camera.depth(p) for p in outline)
    a, b = light.surface(colour, UP, near), light.surface(colour, UP, min(far, 220.0))
    ys = [p[1] for p in points]
    top, low = min(ys), max(ys)
    if low - top < 1.0:
        return
    x = points[0][0]
    mid = light.surface(colour, UP, near + (min(far, 220.0) - near) * 0.14)
    canvas.body(polygon(points), Linear((x, low), (x, top), (Stop(0.0, a), Stop(0.55, mid), Stop(1.0, b))))


def texture_ground(canvas: Canvas, camera: Camera, light: Light, look: Look, layout: Layout) -> None:
    """Draw joints, cracks, tufts or ripples where the camera stands."""
    kind = layout.ground
    dice = Dice("ground", layout.kit)
    dark = mix(light.surface(layout.ground_colour, UP, 6.0), look.line, 0.45)
    if not layout.indoors:
        _mottle(canvas, camera, light, layout)
    if kind in {Ground.TILES, Ground.STONE, Ground.BOARDS}:
        _grid(canvas, camera, dark, 1.2 if kind is not Ground.BOARDS else 0.28, crossing=kind is not Ground.BOARDS)
    elif kind is Ground.COBBLES:
        _specks(canvas, camera, dark, dice, 150, 0.16, 0.05)
    elif kind in {Ground.GRASS, Ground.EARTH}:
        _tufts(canvas, camera, light, layout)
    elif kind is Ground.SAND:
        _specks(canvas, camera, dark, dice, 60, 0.9, 0.03)
    else:
        _specks(canvas, camera, dark, dice, 70, 0.45, 0.012)


def _mottle(canvas: Canvas, camera: Camera, light: Light, layout: Layout) -> None:
    """Lay lighter and darker patches on open ground, so that it does not look like card."""
    base = light.surface(layout.ground_colour, UP, 8.0)
    rings = _rings(layout.kit)
    half = len(rings) // 2
    for some, by, alpha in ((rings[:half], 0.72, 0.20), (rings[half:], 1.22, 0.16)):
        patches = []
        for middle, ring in some:
            if camera.depth(middle) > 0.8 and min(map(camera.depth, ring)) > 0.8:
                patches.append(spline([camera.project(p) for p in ring]))
        if patches:
            canvas.tint(joined(patches), brighter(base, by), alpha)


@lru_cache(maxsize=32)
def _rings(kit: str) -> tuple[tuple[Vec3, tuple[Vec3, ...]], ...]:
    """Return patches of ground in metres: the middle and the outline of each."""
    dice = Dice("ground", kit).fork("mottle")
    made = []
    for _ in range(52):
        x, z, r = dice.between(-20, 20), dice.between(-12, 34), dice.between(0.7, 2.6)
        ring = []
        for i in range(9):
            turn, size = math.tau * i / 9, r * dice.between(0.65, 1.2)
            ring.append((x + size * 1.5 * math.sin(turn), 0.0, z + size * math.cos(turn)))
        made.append(((x, 0.0, z), tuple(ring)))
    return tuple(made)


def _grid(canvas: Canvas, camera: Camera, colour: RGB, pitch: float, *, crossing: bool) -> None:
    cx, cz = camera.position[0], camera.position[2]
    paths = []
    first_x, first_z = math.floor(cx / pitch), math.floor(cz / pitch)
    for i in range(-22, 23):
        x, z = (first_x + i) * pitch, (first_z + i) * pitch
        line = camera.line([(x, 0.0, cz - 26), (x, 0.0, cz), (x, 0.0, cz + 26)])
        if len(line) > 1:
            paths.append(polygon(line, closed=False))
        if crossing:
            line = camera.line([(cx - 26, 0.0, z), (cx, 0.0, z), (cx + 26, 0.0, z)])
            if len(line) > 1:
                paths.append(polygon(line, closed=False))
    if paths:
        canvas.stroke(joined(paths), colour, 0.8 * canvas.unit, 0.30)


def _specks(canvas: Canvas, camera: Camera, colour: RGB, dice: Dice, count: int, wide: float, deep: float) -> None:
    paths = []
    for _ in range(count):
        x, z, r = dice.between(-14, 14), dice.between(-10, 22), dice.between(0.4, 1.0)
        near = camera.depth((x, 0.0, z))
        if near < 0.6 or near > 26:
            continue
        a, b = camera.project((x - wide * r, 0.0, z)), camera.project((x + wide * r, 0.0, z + deep))
        paths.append(polygon([a, b], closed=False))
    if paths:
        canvas.stroke(joined(paths), colour, 1.0 * canvas.unit, 0.32)


def _litter(canvas: Canvas, camera: Camera, light: Light, layout: Layout) -> None:
    """Scatter daisies, leaves and pebbles where the camera looks down on the ground, which else is plain."""
    if camera.pitch > _STEEP:
        return
    base = light.surface(layout.ground_colour, UP, 8.0)
    for codes, places in zip(_LITTER, _scattered(layout.kit), strict=True):
        spots = []
        for x, z, r in places:
            depth = camera.depth((x, 0.0, z))
            if depth > 0.8:
                size = max(r * camera.scale(depth), 0.7 * canvas.unit)
                spots.append(ellipse(*camera.project((x, 0.0, z)), size, size * 0.8))
        if spots:
            canvas.tint(joined(spots), mix(light.surface(rgb(codes), UP, 8.0), base, 0.25), 0.9)


@lru_cache(maxsize=32)
def _scattered(kit: str) -> tuple[tuple[tuple[float, float, float], ...], ...]:
    """Return places on the ground in metres, with a radius, for each kind of litter."""
    dice, made = Dice("litter", kit), []
    for _ in _LITTER:
        some = []
        for _ in range(9):
            x, z = dice.between(-9, 9), dice.between(-8, 12)
            some += [
                (x + dice.between(-1.3, 1.3), z + dice.between(-1.3, 1.3), dice.between(0.025, 0.06)) for _ in range(14)
            ]
        made.append(tuple(some))
    return tuple(made)


def _tufts(canvas: Canvas, camera: Camera, light: Light, layout: Layout) -> None:
    """Draw blades of grass in clumps, one path per distance so that haze is right."""
    _litter(canvas, camera, light, layout)
    bands: dict[int, list[Point]] = {}
    project = camera.project
    for root, blades in _clumps(layout.kit, grassy=layout.ground is Ground.GRASS):
        near = camera.depth(root)
        if 0.8 <= near <= 30:
            x, y = project(root)
            if -60 < x < canvas.width + 60 and -40 < y < canvas.height + 160:
                bands.setdefault(int(near / 5), []).extend(map(project, blades))
    for band, points in sorted(bands.items(), reverse=True):
        depth = band * 5 + 2.5
        base = light.surface(layout.ground_colour, UP, depth)
        shade = mix(brighter(base, 0.66), brighter(base, 1.25), 0.5 if band % 2 else 0.0)
        flat = tuple(coordinate for point in points for coordinate in point)
        wide = clamp(camera.scale(depth) * 0.014, 0.7, 3.0) * canvas.unit
        canvas.stroke(Path("ML" * (len(points) // 2), flat), shade, wide, 0.75)


@lru_cache(maxsize=32)
def _clumps(kit: str, *, grassy: bool) -> tuple[tuple[Vec3, tuple[Vec3, ...]], ...]:
    """Return clumps of grass in metres: the root, then foot and tip of each blade in turn."""
    dice, tall = Dice("ground", kit), 0.20 if grassy else 0.10
    made = []
    for _ in range(300 if grassy else 110):
        x, z = dice.between(-15, 15), dice.between(-9, 24)
        lean, size = dice.between(-0.08, 0.08), dice.between(0.5, 1.0) * tall
        blades = [p for dx in (-0.05, 0.0, 0.06) for p in ((x + dx, 0.0, z), (x + dx * 2 + lean, size, z))]
        made.append(((x, 0.0, z), tuple(blades)))
    return tuple(made)


def _sheen(canvas: Canvas, camera: Camera, light: Light) -> None:
    """Lay the sky's light on wet ground."""
    top = camera.horizon
    low = max(top + 8.0, float(camera.height))
    sky = mix(light.sky[3], light.sky[2], 0.4)
    stops = (
        Stop(0.0, sky, 0.42 * light.wet),
        Stop(0.35, light.sky[2], 0.24 * light.wet),
        Stop(1.0, light.sky[1], 0.16 * light.wet),
    )
    x = camera.centre_x
    paint = Linear(camera.rolled((x, top)), camera.rolled((x, low)), stops)
    canvas.tint(polygon(_below_horizon(camera)), paint, blend=Blend.SCREEN)


def _water(canvas: Canvas, camera: Camera, light: Light, look: Look, corners: tuple[Vec3, ...], colour: RGB) -> None:
    points = camera.outline(corners)
    if not points:
        return
    path = polygon(points)
    ys = [p[1] for p in points]
    top, low = min(ys), max(ys)
    sky_low, sky_high = mix(light.sky[3], light.haze, 0.4), light.sky[1]
    body = light.surface(colour, UP, 8.0)
    x = points[0][0]
    stops = (
        Stop(0.0, mix(sky_low, body, 0.12)),
        Stop(0.4, mix(light.sky[2], body, 0.35)),
        Stop(1.0, mix(sky_high, body, 0.62)),
    )
    canvas.body(path, Linear((x, top), (x, max(low, top + 1)), stops))
    dice = Dice("ripples", len(corners))
    with canvas.group(path):
        left, right = min(p[0] for p in points), max(p[0] for p in points)
        left, right = max(left, -60.0), min(right, canvas.width + 60.0)
        top_seen, low_seen = max(top, 0.0), min(low, float(canvas.height))
        streaks = []
        for _ in range(90):
            t = dice.unit() ** 1.7
            y = top_seen + (low_seen - top_seen) * t
            at, size = dice.between(left, right), (4 + 46 * t) * dice.between(0.4, 1.3) * canvas.unit
            streaks.append(polygon([(at, y), (at + size, y)], closed=False))
        canvas.stroke(
            joined(streaks), mix(light.sun, sky_low, 0.5), 1.2 * canvas.unit, 0.45 * look.glow, blend=Blend.SCREEN
        )
