"""A set in front of the camera: what is seen of it, in order, with people in between."""

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.canvas import Canvas
from services.generation.providers.previz.colours import mix
from services.generation.providers.previz.display_list import RGB, Blend, Radial, Stop, Tag, ellipse, polygon
from services.generation.providers.previz.embracing import draw_hold
from services.generation.providers.previz.figure import Standing, draw_figure
from services.generation.providers.previz.geometry import (
    Point,
    Vec3,
    along,
    bounds,
    clamp,
    dot,
    heading,
    mean,
    sub,
    turn_y,
)
from services.generation.providers.previz.light import Light
from services.generation.providers.previz.places.cabins import DRIVER, cabin, steering_wheel
from services.generation.providers.previz.places.layout import Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.solids import box
from services.generation.providers.previz.shadows import draw_shadow
from services.generation.providers.previz.sprites import draw_sprite, sprite_box
from services.generation.providers.previz.staging import head_box
from services.generation.providers.previz.style import Look


class Set:
    """One frame's view of a layout."""

    def __init__(self, canvas: Canvas, camera: Camera, light: Light, look: Look, layout: Layout) -> None:
        self.canvas = canvas
        self.camera = camera
        self.light = light
        self.look = look
        self.layout = layout
        self._near: list[Thing] = []

    def behind(self, people: Sequence[Standing]) -> None:
        """Draw backdrops, shadows, reflections and what stands farther off than everyone."""
        kept = [t for t in self.layout.things if self._kept(t, people) and not given_way(t, people)]
        self._mirror(kept)
        for thing in kept:
            if thing.backdrop:
                self.thing(thing)
        for person in people if not self.layout.seats else ():
            draw_shadow(self.canvas, self.camera, self.light, self.look, person.bones, self.layout.mark[1])
        self._near = [t for t in kept if not t.backdrop]
        for person in people:
            self._near += [
                t
                for t in furniture_of(person, self.layout, self.camera.forward)
                if not t.stays or self._kept(t, people)
            ]
        limit = max([self._standing_depth(p) for p in people], default=-1.0)
        for thing in sorted((t for t in self._near if self._depth(t) > limit), key=lambda t: -self._depth(t)):
            self.thing(thing)
        if people:
            self._pool(people[0])
        self._near = [t for t in self._near if self._depth(t) <= limit]

    def among(self, people: Sequence[Standing], soft: Mapping[str, float]) -> None:
        """Draw people and the things between them, from far to near; call after `behind`.

        Args:
            people: everyone in place.
            soft: blur in pixels by person's id, for who is out of focus.
        """
        order: list[tuple[float, int, Thing | Standing]] = [(-self._depth(t), i, t) for i, t in enumerate(self._near)]
        order += [(-self._standing_depth(p), len(order) + i, p) for i, p in enumerate(people)]
        for _, _, item in sorted(order, key=lambda row: row[:2]):
            if isinstance(item, Thing):
                self.thing(item)
                continue
            blur = soft.get(item.actor.id, 0.0)
            with self.canvas.group(blur=blur) if blur > 0.2 else nullcontext():
                draw_figure(self.canvas, self.camera, self.light, self.look, item)
        draw_hold(self.canvas, self.camera, self.light, self.look, people)

    def _pool(self, lead: Standing) -> None:
        """Lift the air behind the lead in the dark, so that the figure reads as a shape."""
        strong = max(0.0, self.light.night - 0.25) * 0.5
        if strong < 0.05:
            return
        at = self.camera.project(lead.bones["chest"])
        reach = 1.25 * lead.bones.stature * self.camera.scale(self._standing_depth(lead))
        reach = clamp(reach, 0.16 * self.canvas.height, 1.0 * self.canvas.height)
        colour = mix(self.light.haze, self.light.sky[3], 0.5)
        stops = (Stop(0.0, colour, strong), Stop(0.5, colour, strong * 0.55), Stop(1.0, colour, 0.0))
        self.canvas.tint(ellipse(*at, reach, reach), Radial(at, reach, stops), blend=Blend.SCREEN)

    def _standing_depth(self, person: Standing) -> float:
        return self.camera.depth(person.bones["pelvis"])

    def _depth(self, thing: Thing) -> float:
        return self.camera.depth(thing.at)

    def _kept(self, thing: Thing, people: Sequence[Standing]) -> bool:
        """Return whether a thing may be drawn: it does not stand between the camera and a person."""
        if thing.backdrop:
            return True
        depth = self._depth(thing)
        if people and depth < 0.45 * min(self._standing_depth(p) for p in people):
            return False  # crews carry off what stands in front of the lens
        near = [p for p in people if self.camera.depth(p.bones["chest"]) > depth - 0.2]
        if not near:
            return True
        joints = ("head", "chin", "neck") if thing.stays else ("head", "chest", "neck", "waist")
        spots = [self.camera.project(p.bones[j]) for p in near for j in joints]
        if self.layout.seats:
            # A car's pillars are thin: no part of a face may be behind one.
            spots += [spot for p in near for spot in _over(head_box(self.camera, p))]
        for shape in thing.panels:
            outline = self.camera.outline(shape.corners)
            if outline and any(holds(outline, s) for s in spots):
                return False
        for sprite in thing.sprites:
            left, top, right, bottom = sprite_box(self.camera, sprite)
            if any(left < x < right and top < y < bottom for x, y in spots):
                return False
        return True

    def thing(self, thing: Thing) -> None:
        """Draw one thing."""
        shown = [p for p in thing.panels if self._faces(p)]
        for shape in sorted(shown, key=lambda p: -self.camera.depth(mean(p.corners))):
            self._panel(shape)
        for sprite in thing.sprites:
            self._sprite(sprite)
        for lamp in thing.lamps:
            self._lamp(lamp)

    def _faces(self, shape: Panel) -> bool:
        return shape.both or dot(shape.normal, sub(self.camera.position, shape.corners[0])) > 0.0

    def _panel(self, shape: Panel) -> None:
        points = self.camera.outline(shape.corners)
        if not points or not self._in_frame(points):
            return
        canvas, light = self.canvas, self.light
        middle = mean(shape.corners)
        depth = max(self.camera.depth(middle), 0.2)
        canvas.tag = Tag(self.camera.plane(shape.corners[0], shape.normal))
        lit = light.surface(shape.colour, shape.normal, depth)
        shine = shape.glow * light.practicals
        path = polygon(points)
        if shine > 0.05:
            lit = mix(lit, light.far(shape.colour, depth * 0.5), clamp(shine, 0.0, 1.0))
        canvas.body(path, lit)
        if shine > 0.3 and depth < 45 and self.look.blur > 0:
            soft = clamp(90.0 / depth, 2.0, 16.0) * canvas.unit
            canvas.tint(path, shape.colour, 0.34 * shine * self.look.glow, blur=soft, blend=Blend.SCREEN)
        if shape.edge > 0.05 and depth < 60:
            width = clamp(self.camera.scale(depth) * 0.012, 0.5, 1.9) * canvas.unit * self.look.line_width
            if width > 0.2:
                alpha = shape.edge * clamp(1.0 - depth / 60.0, 0.0, 1.0)
                canvas.line(path, mix(self.look.line, light.haze, depth / 90), width * (0.5 + shape.edge * 0.5), alpha)
        canvas.tag = Tag()

    def _in_frame(self, points: Sequence[Point]) -> bool:
        left, top, right, bottom = bounds(points)
        margin = 40
        w, h = self.canvas.width, self.canvas.height
        return right > -margin and bottom > -margin and left < w + margin and top < h + margin

    def _sprite(self, sprite: Sprite) -> None:
        box = sprite_box(self.camera, sprite)
        depth = self.camera.depth(sprite.at)
        if depth < 0.5 or not self._in_frame([(box[0], box[1]), (box[2], box[3])]):
            return
        self.canvas.tag = Tag(depth)
        draw_sprite(self.canvas, self.camera, self.light, self.look, sprite)
        self.canvas.tag = Tag()

    def _lamp(self, lamp: Lamp) -> None:
        depth = self.camera.depth(lamp.at)
        shine = lamp.level * self.light.practicals * self.look.glow
        if depth < 0.4 or shine < 0.08:
            return
        at = self.camera.project(lamp.at)
        k = self.camera.scale(depth)
        reach = min(lamp.reach * k, 0.75 * self.canvas.height)
        stops = (
            Stop(0.0, mix(lamp.colour, (255.0, 255.0, 255.0), 0.7), min(1.0, 0.95 * shine)),
            Stop(0.07, lamp.colour, min(1.0, 0.62 * shine)),
            Stop(0.34, lamp.colour, 0.18 * shine),
            Stop(1.0, lamp.colour, 0.0),
        )
        self.canvas.tint(ellipse(*at, reach, reach), Radial(at, reach, stops), blend=Blend.SCREEN)

    def _mirror(self, things: Sequence[Thing]) -> None:
        """Lay the reflections of lamps and lit panels on wet ground and water."""
        strong = max(self.light.wet, 0.55 if self.layout.water else 0.0) * self.light.practicals
        if strong < 0.1 or self.layout.indoors:
            return
        for thing in things:
            for shape in thing.panels:
                if shape.glow > 0.5 and self._faces(shape):
                    self._reflection(shape.corners, shape.colour, 0.42 * strong)
            for lamp in thing.lamps:
                x, y, z = lamp.at
                k = 0.22
                corners = ((x - k, 0.0, z), (x - k, y, z), (x + k, y, z), (x + k, 0.0, z))
                self._reflection(corners, lamp.colour, 0.40 * strong * lamp.level)

    def _reflection(self, corners: Sequence[Vec3], colour: tuple[float, float, float], alpha: float) -> None:
        low = min(c[1] for c in corners)
        mirrored = [(x, -max(0.0, y - low * 0.25) * 1.15, z) for x, y, z in corners]
        if self.camera.depth(mean(mirrored)) > 60 or self.camera.depth(mean(mirrored)) < 1.5:
            return
        points = self.camera.outline(mirrored)
        if not points or not self._in_frame(points):
            return
        soft = clamp(70.0 / self.camera.depth(mean(mirrored)), 2.0, 12.0) * self.canvas.unit * max(0.3, self.look.blur)
        self.canvas.tint(polygon(points), colour, alpha, blur=soft, blend=Blend.SCREEN)


_WILD = frozenset(
    {"forest", "meadow", "riverbank", "mountain", "desert", "beach", "vehicle", "dunes", "snowfield", "plain", "cave"}
) | {"cemetery"}


def given_way(thing: Thing, people: Sequence[Standing]) -> bool:
    """Return whether a set's bed is left out, since who lies there brings one."""
    if thing.kind != "bed":
        return False
    lying = [p.bones["pelvis"] for p in people if p.actor.pose_name == "lie_in_bed"]
    return any(math.hypot(x - thing.at[0], z - thing.at[2]) < 3.0 for x, _, z in lying)


def _over(box: tuple[float, float, float, float]) -> list[Point]:
    """Return a grid of points on a box."""
    left, top, right, bottom = box
    return [(left + (right - left) * a / 4, top + (bottom - top) * b / 3) for a in range(5) for b in range(4)]


def furniture_of(person: Standing, layout: Layout, toward: Vec3) -> list[Thing]:
    """Return what a gesture needs: a seat, a bed, a steering wheel, and on open ground a car around who drives.

    Args:
        person: in place.
        layout: of the set.
        toward: where the camera looks.
    """
    bones = person.bones
    if person.actor.pose_name == "lie_in_bed":
        return bed_of(person, layout, toward)
    if person.actor.pose_name != "drive":
        benched = layout.kit == "compartment"
        return [seat_of(person, layout)] if person.actor.pose.seat and not benched else []
    made = [steering_wheel(bones["hand_r"], bones["hand_l"], bones.ahead)]
    if not layout.seats and not layout.indoors:
        yaw = math.atan2(bones.ahead[0], bones.ahead[2])
        x, _, z = turn_y(DRIVER, yaw)
        at = (bones["pelvis"][0] - x, layout.mark[1], bones["pelvis"][2] - z)
        made += cabin(at, yaw, (58.0, 66.0, 84.0), (74.0, 60.0, 52.0))
    else:
        made.append(seat_of(person, layout))
    return made


def bed_of(person: Standing, layout: Layout, toward: Vec3) -> list[Thing]:
    """Return bed, pillow and headboard under a lying person, and the blanket over the legs."""
    bones, ground = person.bones, layout.mark[1]
    head, feet = bones["head"], mean([bones["ankle_r"], bones["ankle_l"]])
    yaw = math.atan2(head[0] - feet[0], head[2] - feet[2])
    lie = bones["pelvis"][1] - 0.10 * bones.stature - ground
    long = math.hypot(head[0] - feet[0], head[2] - feet[2])
    ahead = heading(yaw)
    middle = along(mean([head, feet]), ahead, 0.02)

    def block(by: float, size: tuple[float, float, float], base: float, colour: RGB) -> tuple[Panel, ...]:
        at = along(middle, ahead, by)
        return box((at[0], at[2]), size, colour, base=ground + base, yaw=yaw)

    white = (226.0, 224.0, 218.0)
    frame = block(0.0, (1.02, lie - 0.16, long + 0.40), 0.0, (112.0, 82.0, 60.0))
    linen = block(0.0, (0.98, 0.16, long + 0.36), lie - 0.16, white)
    pillow = block(long / 2, (0.62, 0.09, 0.36), lie, white)
    board = block(long / 2 + 0.26, (1.06, lie + 0.42, 0.06), 0.0, (96.0, 70.0, 52.0))
    cover = block(-0.17 * long - 0.10, (0.92, 0.20, 0.66 * long + 0.20), lie - 0.05, (108.0, 132.0, 150.0))
    behind, before = along(bones["pelvis"], toward, 0.15), along(bones["pelvis"], toward, -0.15)
    return [Thing(behind, (*board, *frame, *linen, *pillow)), Thing(before, cover)]


def seat_of(person: Standing, layout: Layout) -> Thing:
    """Return what a sitting person sits on: a rock outdoors, a stool elsewhere."""
    x, y, z = person.bones["pelvis"]
    ground = layout.mark[1]
    high = max(0.15, y - ground - 0.07 * person.bones.stature)
    spot = (x - person.bones.ahead[0] * 0.05, ground, z - person.bones.ahead[2] * 0.05)
    if layout.kit in _WILD:
        rock = Sprite("rock", spot, 0.85, high * 1.08, (128.0, 120.0, 112.0), 7)
        return Thing(spot, (), (rock,))
    return Thing(spot, box((spot[0], spot[2]), (0.46, high, 0.42), (96.0, 68.0, 50.0)))


def holds(outline: Sequence[Point], p: Point) -> bool:
    """Return whether a point lies inside a polygon (even-odd rule)."""
    inside = False
    for i, (x1, y1) in enumerate(outline):
        x0, y0 = outline[i - 1]
        if (y0 > p[1]) != (y1 > p[1]) and p[0] < x0 + (p[1] - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside
