"""What a set is made of. World metres; people stand at the mark, the main view looks along `yaw`."""

import hashlib
from enum import StrEnum
from typing import NamedTuple

from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3


class Panel(NamedTuple):
    """A flat surface.

    Attributes:
        corners: in order. normal: unit vector; the surface is seen from this side, or from both if `both`.
        glow: how much it shines by itself when lamps are on, 0 to 1.
        edge: weight of its contour, 0 to 1.
    """

    corners: tuple[Vec3, ...]
    colour: RGB
    normal: Vec3
    glow: float = 0.0
    edge: float = 0.6
    both: bool = False


class Sprite(NamedTuple):
    """Something drawn by kind rather than built: a tree, a bush, a lamp, a rock.

    Attributes:
        at: world point at its foot. width, height: metres. seed: of its shape.
    """

    kind: str
    at: Vec3
    width: float
    height: float
    colour: RGB
    seed: int = 0


class Lamp(NamedTuple):
    """A practical light. reach: metres of its glow."""

    at: Vec3
    colour: RGB
    reach: float
    level: float = 1.0


class Thing(NamedTuple):
    """Panels, sprites and lamps that are sorted as one.

    Attributes:
        at: point that stands for its depth.
        backdrop: True is drawn before everything else (walls, hills, skylines).
        stays: True is only left out where it hides a head (a car's door), not where it hides a chest.
        kind: names what gives way to someone's own ("bed": who lies in one brings it).
    """

    at: Vec3
    panels: tuple[Panel, ...] = ()
    sprites: tuple[Sprite, ...] = ()
    lamps: tuple[Lamp, ...] = ()
    backdrop: bool = False
    stays: bool = False
    kind: str = ""


class Seat(NamedTuple):
    """A place to sit. at: world point on the floor below it. yaw: radians, where who sits there faces."""

    at: Vec3
    yaw: float


class Ground(StrEnum):
    """What one stands on."""

    ASPHALT = "asphalt"
    COBBLES = "cobbles"
    BOARDS = "boards"
    TILES = "tiles"
    CARPET = "carpet"
    GRASS = "grass"
    EARTH = "earth"
    SAND = "sand"
    STONE = "stone"
    ROOF = "roof"
    ROCK = "rock"


class Cover(StrEnum):
    """What is overhead."""

    SKY = "sky"
    ROOF = "roof"


class Water(NamedTuple):
    """A level sheet of water: its outline on the ground."""

    corners: tuple[Vec3, ...]
    colour: RGB


class Layout(NamedTuple):
    """A set, the same for every shot of its location.

    Attributes:
        kit: its name. mark: where the lead stands. yaw: radians, of the main view. sweep: degrees to either side.
        sun_yaw: radians, where the sun stands. cover: sky or ceiling. ground_colour: in white light.
        lines: marks on the ground, such as kerbs and paths: (outline, colour).
        free: (x0, z0, x1, z1) of the floor that people may stand on.
        spots: where landmarks go, in order.
        seats: where everyone sits, the driver's first; none where people may stand.
    """

    kit: str
    mark: Vec3
    yaw: float
    sweep: float
    sun_yaw: float
    cover: Cover
    ground: Ground
    ground_colour: RGB
    things: tuple[Thing, ...]
    lines: tuple[tuple[tuple[Vec3, ...], RGB], ...] = ()
    water: tuple[Water, ...] = ()
    free: tuple[float, float, float, float] = (-30.0, -40.0, 30.0, 60.0)
    spots: tuple[Vec3, ...] = ((-3.4, 0.0, 7.0), (3.8, 0.0, 9.0), (-5.5, 0.0, 14.0), (6.5, 0.0, 16.0))
    seats: tuple[Seat, ...] = ()

    @property
    def indoors(self) -> bool:
        """Whether there is a ceiling instead of a sky."""
        return self.cover is Cover.ROOF

    def digest(self) -> str:
        """Return a hash of the set; equal sets have equal hashes on every machine."""
        return hashlib.sha256(_stable(self).encode()).hexdigest()


def _stable(value: object) -> str:
    if isinstance(value, float):
        return str(round(value * 1000))
    if isinstance(value, tuple):
        return f"({','.join(map(_stable, value))})"
    return str(value)
