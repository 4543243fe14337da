"""Rooftop and vehicle."""

from services.generation.providers.previz.chance import Dice
from services.generation.providers.previz.colours import mix, rgb
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.places.hills import ridge, skyline
from services.generation.providers.previz.places.layout import Cover, Ground, Lamp, Layout, Panel, Sprite, Thing
from services.generation.providers.previz.places.props import car
from services.generation.providers.previz.places.solids import box, drum, level, upright


def rooftop(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a flat roof with parapet, water tower, stair head, vents and neon, over a city."""
    wall = mix(rgb("6a5c5c"), tint[0], 0.25) if tint else rgb("6a5c5c")
    x, near, far = 9.0, -9.0, 10.0
    parapet = (
        *box((0.0, far), (x * 2, 1.0, 0.35), wall), *box((0.0, near), (x * 2, 1.0, 0.35), wall),
        *box((-x, 0.5), (0.35, 1.0, far - near), wall), *box((x, 0.5), (0.35, 1.0, far - near), wall),
    )  # fmt: skip
    sides = [Thing((p.corners[0][0], 0.5, p.corners[0][2]), (p,), backdrop=True) for p in parapet]
    steel = rgb("5a5a64")
    tank = [
        *drum((-5.8, 6.6), 1.5, 2.6, rgb("7a5a40"), base=3.0, sides=12),
        *drum((-5.8, 6.6), 1.7, 1.2, rgb("4c4048"), base=5.6, taper=0.04, sides=12),
    ]
    for dx in (-1.0, 1.0):
        for dz in (-1.0, 1.0):
            tank += box((-5.8 + dx, 6.6 + dz), (0.16, 3.0, 0.16), steel, edge=0.4)
    head = (
        *box((5.8, 5.4), (3.0, 2.7, 2.8), mix(wall, rgb("8a8088"), 0.4)),
        upright(4.9, 3.98, 5.9, 3.98, 0.0, 2.05, rgb("3c4650"), (0.0, 0.0, -1.0)),
    )
    roof = Thing((0.0, 0.0, 0.0), (level(-x, near, x, far, 0.0, rgb("5c5860")),), backdrop=True)
    neon = rgb(dice.pick(("ff3f6d", "35c8d6", "ffb43b")))
    frame: list[Panel] = []
    for i in range(5):
        frame.append(
            upright(-2.6 + i * 1.3, 9.6, -1.7 + i * 1.3, 9.6, 2.0, 3.3, neon, (0.0, 0.0, -1.0), glow=1.0, both=True)
        )
        frame += box((-2.2 + i * 1.3, 9.7), (0.08, 2.0, 0.08), steel, edge=0.2)
    things: list[Thing] = [
        skyline(dice.fork("far"), 210.0, 95.0, -20.0), skyline(dice.fork("near"), 80.0, 34.0, -22.0,
            lit=0.5), roof, *sides,
        Thing((-5.8, 0.0, 6.6), tuple(tank)),
        Thing((5.8, 0.0, 5.4), head, (), (Lamp((5.4, 2.4, 3.8), rgb("ffd08c"), 2.4, 0.9),)),
        Thing((0.0, 2.0, 9.6), tuple(frame), (), (Lamp((0.4, 2.6, 9.4), neon, 4.6, 0.6),)),
    ]  # fmt: skip
    for i in range(7):
        spin = dice.fork("vent", i)
        px, pz = spin.between(-7.5, 7.5), spin.between(-7, 8)
        if abs(px) < 2.4 and abs(pz) < 3.0:
            continue
        if spin.happens(0.5):
            things.append(Thing((px, 0.0, pz), drum((px, pz), 0.22, spin.between(0.6, 1.3), steel, taper=1.2)))
        else:
            things.append(Thing((px, 0.0, pz), box((px, pz), (1.1, 0.8, 0.9), rgb("868892"))))
    things.append(Thing((2.4, 0.0, 8.0), (), (Sprite("antenna", (3.0, 1.0, 9.9), 1.6, 4.0, rgb("2c2c34"), 3),)))
    return Layout(
        "rooftop", (0.0, 0.0, 0.0), 0.0, 30.0, 0.25, Cover.SKY, Ground.ROOF, rgb("5c5860"), tuple(things), (), (),
        (-7.6, -7.6, 7.6, 8.6), ((-3.4, 0.0, 7.6), (3.0, 0.0, 7.4), (-6.6, 0.0, 1.0)),
    )  # fmt: skip


def vehicle(dice: Dice, tint: tuple[RGB, ...]) -> Layout:
    """Return a parked car on a road, with wires along it and fields around: people stand beside it."""
    colour = tint[0] if tint else rgb(dice.pick(("2c3a4c", "6a2c30", "26262e", "3c4a3c")))
    things = [ridge(dice.fork("hill"), 190.0, 16.0, rgb("5a6a64")), car((1.75, 2.2), colour, yaw=2.7)]
    for i in range(9):
        z = -16.0 + i * 11.0
        post = box((-6.4, z), (0.2, 6.5, 0.2), rgb("4a3a30"), edge=0.4)
        arm = box((-6.4, z), (1.6, 0.14, 0.14), rgb("4a3a30"), base=6.0, edge=0.3)
        things.append(Thing((-6.4, 0.0, z), (*post, *arm)))
    for i in range(40):
        spin = dice.fork("verge", i)
        side = spin.sign()
        px, pz = side * spin.between(5.0, 18.0), spin.between(-14, 34)
        kind = spin.pick(("grass", "grass", "bush"))
        things.append(
            Thing(
                (px, 0.0, pz),
                (),
                (
                    Sprite(
                        kind,
                        (px, 0.0, pz),
                        1.1,
                        spin.between(0.4, 0.9),
                        rgb(spin.pick(("7a8448", "6a7a44"))),
                        spin.count(0, 999),
                    ),
                ),
            )
        )
    road = (((-4.2, 0.0, -70.0), (-4.2, 0.0, 160.0), (4.2, 0.0, 160.0), (4.2, 0.0, -70.0)), rgb("56545c"))
    lines = (
        road,
        *(
            (
                ((-0.08, 0.0, float(z)), (-0.08, 0.0, z + 3.0), (0.08, 0.0, z + 3.0), (0.08, 0.0, float(z))),
                rgb("d8c070"),
            )
            for z in range(-40, 120, 7)
        ),
    )
    return Layout(
        "vehicle", (0.0, 0.0, 0.0), 0.0, 22.0, 0.15, Cover.SKY, Ground.EARTH, rgb("7c8054"), tuple(things), lines, (),
        (-3.8, -12.0, 3.8, 30.0), ((-3.4, 0.0, 7.0), (4.6, 0.0, 10.0)),
    )  # fmt: skip
