"""Forest, meadow and mountain."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3
from services.generation.providers.previz.places.hills import ridge
from services.generation.providers.previz.places.layout import Cover, Ground, Layout, Sprite, Thing

_LEAVES = ("3f6b3a", "4c7a3c", "5c8244", "38603e", "6a8a48")
_BLOOMS = ("e2566e", "f0b030", "f4f0e4", "c86ad0", "f08a3c", "e87aa4")

Lines = tuple[tuple[tuple[Vec3, ...], RGB], ...]


def forest(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a clearing among trees with undergrowth, flowers and a path."""
    things = [ridge(dice.fork("ridge"), 150.0, 16.0, rgb("4c6a50"))]
    things += _trees(dice, 46, 7.0, 44.0, tint)
    things += [
        tree_thing(dice.fork("near", i), x, z, tint)
        for i, (x, z) in enumerate(((-4.6, 5.5), (5.4, 7.5), (-6.5, -4.5), (6.0, -6.0)))
    ]
    things += _patches(dice, 95, tint, 0.70, 15.0)
    return Layout(
        "forest", (0.0, 0.0, 0.0), 0.0, 28.0, 0.25, Cover.SKY, Ground.GRASS, rgb("5f7a3e"), tuple(things),
            path(dice, "9a8258"), (),
        (-10.0, -12.0, 10.0, 30.0),
    )  # fmt: skip


def meadow(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a field of flowers with trees and hills far off."""
    things = [
        ridge(dice.fork("far"), 260.0, 30.0, rgb("6c8898")),
        ridge(dice.fork("ridge"), 150.0, 12.0, rgb("5c7c54")),
    ]
    things += _trees(dice, 26, 26.0, 70.0, tint)
    things += _patches(dice, 210, tint, 0.94, 24.0)
    return Layout(
        "meadow", (0.0, 0.0, 0.0), 0.0, 36.0, 0.2, Cover.SKY, Ground.GRASS, rgb("86a24e"), tuple(things),
            path(dice, "b49a6c"), (),
        (-20.0, -20.0, 20.0, 50.0),
    )  # fmt: skip


def mountain(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a rocky ledge before ranges of peaks."""
    stone = mix(rgb("8a8078"), tint[0], 0.25) if tint else rgb("8a8078")
    things = [
        ridge(dice.fork("peaks"), 620.0, 230.0, rgb("7c8aa4"), peaks=True, snow=True),
        ridge(dice.fork("mid"), 330.0, 92.0, rgb("6a7484"), peaks=True),
        ridge(dice.fork("low"), 150.0, 26.0, rgb("5e6c58")),
    ]
    for i in range(34):
        spin = dice.fork("rock", i)
        x, z = around(spin, 3.4, 30.0)
        h = spin.between(0.4, 1.9)
        things.append(
            Thing(
                (x, 0.0, z),
                (),
                (Sprite("rock", (x, 0.0, z), h * spin.between(1.2, 2.0), h, stone, spin.count(0, 999)),),
            )
        )
    for i in range(14):
        spin = dice.fork("pine", i)
        x, z = around(spin, 9.0, 40.0)
        h = spin.between(4, 8)
        things.append(
            Thing((x, 0.0, z), (), (Sprite("pine", (x, 0.0, z), h * 0.42, h, rgb("3c5c48"), spin.count(0, 999)),))
        )
    return Layout(
        "mountain", (0.0, 0.0, 0.0), 0.0, 34.0, 0.35, Cover.SKY, Ground.ROCK, mix(stone, rgb("8c8468"),
            0.4), tuple(things), path(dice, "a0947c"), (),
        (-10.0, -10.0, 10.0, 26.0),
    )  # fmt: skip


def desert(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return dunes, rocks and dry shrubs."""
    sand = mix(rgb("d8b47c"), tint[0], 0.2) if tint else rgb("d8b47c")
    things = [
        ridge(dice.fork("mesa"), 420.0, 46.0, rgb("b07a5c"), peaks=True),
        ridge(dice.fork("dune"), 130.0, 11.0, mix(sand, rgb("a87850"), 0.25)),
    ]
    for i in range(30):
        spin = dice.fork("scrub", i)
        x, z = around(spin, 3.0, 36.0)
        kind, h = ("rock", spin.between(0.2, 0.9)) if spin.happens(0.5) else ("grass", spin.between(0.3, 0.7))
        things.append(
            Thing((x, 0.0, z), (), (Sprite(kind, (x, 0.0, z), h * 1.8, h, rgb("a8825c"), spin.count(0, 999)),))
        )
    return Layout("desert", (0.0, 0.0, 0.0), 0.0, 36.0, 0.3, Cover.SKY, Ground.SAND, sand, tuple(things), ())


def path(dice: Dice, code: str) -> Lines:
    """Return a winding footpath along z."""
    left: list[Vec3] = []
    right: list[Vec3] = []
    bend = dice.between(0, 2)
    for i in range(17):
        z = -18.0 + i * 5.5
        x = math.sin(z * 0.08 + bend) * 2.0 - math.sin(bend) * 2.0
        wide = 0.85 + 0.25 * math.sin(i * 1.7)
        left.append((x - wide, 0.0, z))
        right.append((x + wide, 0.0, z))
    return (((*left, *reversed(right)), rgb(code)),)


def around(dice: Dice, near: float, far: float) -> tuple[float, float]:
    """Return a spot between two distances from the mark, evenly spread."""
    a, r = dice.between(-math.pi, math.pi), math.sqrt(near * near + (far * far - near * near) * dice.unit())
    return (r * math.sin(a), r * math.cos(a))


def tree_thing(dice: Dice, x: float, z: float, tint: tuple[RGB, ...]) -> Thing:
    """Return one broad-leaved tree."""
    h = dice.between(6, 11)
    leaf = rgb(dice.pick(_LEAVES))
    if tint:
        leaf = mix(leaf, dice.pick(tint), 0.12)
    at = (x, 0.0, z)
    return Thing(at, (), (Sprite("tree", at, h * dice.between(0.6, 0.85), h, leaf, dice.count(0, 9999)),))


def _trees(dice: Dice, count: int, near: float, far: float, tint: tuple[RGB, ...]) -> list[Thing]:
    made = []
    for i in range(count):
        spin = dice.fork("tree", i)
        made.append(tree_thing(spin, *around(spin, near, far), tint))
    return made


def _patches(dice: Dice, count: int, tint: tuple[RGB, ...], blooms: float, far: float) -> list[Thing]:
    """Return clumps of flowers, ferns and bushes; flowers grow in drifts of one colour."""
    made: list[Thing] = []
    drifts = [(around(dice.fork("drift", i), 2.0, far), rgb(dice.pick(_BLOOMS))) for i in range(14)]
    for i in range(count):
        spin = dice.fork("low", i)
        if spin.happens(blooms):
            (cx, cz), colour = spin.pick(drifts)
            x, z = cx + spin.between(-3.2, 3.2), cz + spin.between(-3.2, 3.2)
            if tint and spin.happens(0.25):
                colour = spin.pick(tint)
            if abs(x) < 0.7 and abs(z) < 0.9:
                continue
            sprite = Sprite(
                "flowers", (x, 0.0, z), spin.between(0.8, 1.6), spin.between(0.28, 0.6), colour, spin.count(0, 9999)
            )
        else:
            x, z = around(spin, 2.6, far)
            kind = spin.pick(("bush", "fern", "grass"))
            sprite = Sprite(
                kind,
                (x, 0.0, z),
                spin.between(0.8, 1.7),
                spin.between(0.5, 1.0),
                rgb(spin.pick(_LEAVES)),
                spin.count(0, 9999),
            )
        made.append(Thing((x, 0.0, z), (), (sprite,)))
    return made
