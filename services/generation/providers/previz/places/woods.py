"""Forest and meadow."""

import math

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.layout import Ground, Layout, Sprite, Thing

_LEAVES = ("3f6b3a", "4c7a3c", "5c8244", "38603e", "6a8a48")
_BLOOMS = ("e2566e", "f0b030", "f4f0e4", "c86ad0", "f08a3c")


def forest(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a clearing among trees."""
    things = [_tree(dice.fork("tree", i), 5.5, 46.0, tint) for i in range(64)]
    things += [_low(dice.fork("low", i), tint) for i in range(70)]
    return Layout(
        "forest", (0.0, 0.0, 0.0), 0.0, 30.0, 0.25, False, Ground.GRASS, rgb("5a7040"), tuple(things), _path(dice)
    )


def meadow(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a field of flowers with trees far off."""
    things = [_tree(dice.fork("tree", i), 24.0, 70.0, tint) for i in range(34)]
    things += [_low(dice.fork("low", i), tint, blooms=0.85) for i in range(150)]
    return Layout(
        "meadow", (0.0, 0.0, 0.0), 0.0, 40.0, 0.2, False, Ground.GRASS, rgb("7c9a4a"), tuple(things), _path(dice)
    )


def _path(dice: Dice) -> tuple[tuple[tuple[tuple[float, float, float], ...], RGB], ...]:
    left, right = [], []
    for i in range(15):
        z = -14.0 + i * 6
        x = math.sin(z * 0.07 + dice.between(0, 0.3)) * 2.2
        left.append((x - 1.1, 0.0, z))
        right.append((x + 1.1, 0.0, z))
    return (((*left, *reversed(right)), rgb("a08a64")),)


def _around(dice: Dice, near: float, far: float) -> tuple[float, float]:
    a, r = dice.between(-math.pi, math.pi), near + (far - near) * math.sqrt(dice.unit())
    return (r * math.sin(a), r * math.cos(a))


def _tree(dice: Dice, near: float, far: float, tint: tuple[RGB, ...]) -> Thing:
    x, z = _around(dice, near, far)
    h = dice.between(6, 12)
    leaf = rgb(dice.pick(_LEAVES))
    if tint:
        leaf = mix(leaf, dice.pick(tint), 0.15)
    at = (x, 0.0, z)
    return Thing(at, (), (Sprite("tree", at, h * dice.between(0.6, 0.85), h, leaf, dice.count(0, 9999)),))


def _low(dice: Dice, tint: tuple[RGB, ...], blooms: float = 0.5) -> Thing:
    x, z = _around(dice, 2.2, 26.0)
    at = (x, 0.0, z)
    seed = dice.count(0, 9999)
    if dice.happens(blooms):
        colour = dice.pick(tint) if tint and dice.happens(0.5) else rgb(dice.pick(_BLOOMS))
        return Thing(at, (), (Sprite("flowers", at, 0.9, dice.between(0.3, 0.6), colour, seed),))
    return Thing(
        at, (), (Sprite("bush", at, dice.between(0.8, 1.8), dice.between(0.5, 1.1), rgb(dice.pick(_LEAVES)), seed),)
    )
