"""How a style draws: line, shading, palette and the work on the finished pixels."""

from enum import StrEnum
from typing import Final, NamedTuple

from services.generation.providers.previz.colours import INK, rgb
from services.generation.providers.previz.display_list import RGB, Finish


class Edge(StrEnum):
    """How a shadow ends on a form."""

    SOFT = "soft"
    HARD = "hard"


class Look(NamedTuple):
    """The hand of a style.

    Attributes:
        line: colour of contours. line_width: factor; 0 draws none. passes: 2 draws a second, looser contour.
        wobble: how far a hand-drawn line strays, in pixels at 576 rows.
        edges: of shadows.
        shade, rim, glow, texture: factors on form shadows, edge light, lamp glow and brush marks.
        blur: factor on soft edges; 0 keeps all edges sharp.
        features: factor on the lines of a face.
        finishes: steps of `finishing.py`, in order.
    """

    line: RGB
    line_width: float
    passes: int
    wobble: float
    edges: Edge
    shade: float
    rim: float
    glow: float
    texture: float
    blur: float
    features: float
    finishes: tuple[Finish, ...]

    @property
    def cel(self) -> bool:
        """Whether shadows have a hard edge, as on animation cels."""
        return self.edges is Edge.HARD


def _f(name: str, amount: float = 1.0, *codes: str) -> Finish:
    return Finish(name, amount, tuple(rgb(c) for c in codes))


LOOKS: Final[dict[str, Look]] = {
    "cinematic": Look(INK, 1.0, 2, 0.6, Edge.SOFT, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, (
        _f("saturate", 1.10), _f("contrast", 1.07), _f("grade", 0.5, "182040", "fff0d8"), _f("vignette",
            0.30), _f("grain", 0.5))),
    "anime": Look(rgb("2a1a34"), 1.15, 1, 0.0, Edge.HARD, 0.95, 0.75, 1.1, 0.0, 0.35, 1.25, (
        _f("saturate", 1.28), _f("contrast", 1.06), _f("bloom", 0.30))),
    "noir": Look(rgb("060608"), 1.0, 2, 0.5, Edge.HARD, 1.55, 1.5, 1.0, 0.7, 0.8, 1.0, (
        _f("mono", 1.0, "050507", "f4f2ee"), _f("lift", 0.9), _f("contrast", 1.42), _f("vignette", 0.55),
            _f("grain", 1.0))),
    "realistic": Look(rgb("181418"), 0.32, 1, 0.0, Edge.SOFT, 1.05, 0.85, 1.0, 1.2, 1.3, 0.8, (
        _f("saturate", 0.84), _f("bloom", 0.18), _f("vignette", 0.22), _f("grain", 0.35))),
    "painterly": Look(rgb("3a2a34"), 0.0, 1, 0.0, Edge.SOFT, 1.05, 0.9, 1.0, 1.5, 1.0, 1.0, (
        _f("paint", 1.35), _f("saturate", 1.12), _f("canvas", 0.7), _f("vignette", 0.2))),
    "watercolour": Look(rgb("4a4058"), 0.55, 2, 1.1, Edge.SOFT, 0.62, 0.4, 0.7, 0.6, 0.9, 1.0, (
        _f("wash", 1.0, "fbf6ea"), _f("paper", 1.0))),
    "comic": Look(rgb("0c0a10"), 1.9, 1, 0.0, Edge.HARD, 1.15, 0.8, 0.8, 0.0, 0.0, 1.3, (
        _f("saturate", 1.35), _f("poster", 7.0), _f("halftone", 1.0), _f("contrast", 1.08))),
    "cg-3d": Look(rgb("201c28"), 0.0, 1, 0.0, Edge.SOFT, 1.0, 1.0, 1.1, 0.0, 2.2, 1.0, (
        _f("saturate", 1.1), _f("bloom", 0.45), _f("vignette", 0.15))),
    "claymation": Look(rgb("3a2c28"), 0.0, 1, 0.0, Edge.SOFT, 1.05, 0.55, 0.9, 0.0, 2.6, 1.15, (
        _f("saturate", 1.08), _f("clay", 1.0), _f("vignette", 0.25))),
    "ink": Look(rgb("100e14"), 1.5, 2, 1.0, Edge.HARD, 0.9, 0.5, 0.4, 1.0, 0.3, 1.2, (
        _f("hatch", 1.0, "f4efe2", "15121a"), _f("paper", 0.7))),
    "documentary": Look(rgb("1c1a1c"), 0.5, 1, 0.3, Edge.SOFT, 0.9, 0.5, 0.8, 0.9, 1.0, 0.9, (
        _f("saturate", 0.70), _f("contrast", 0.95), _f("grain", 0.9))),
    "vintage-film": Look(rgb("241a18"), 0.7, 1, 0.4, Edge.SOFT, 0.95, 0.8, 1.0, 0.8, 1.2, 1.0, (
        _f("grade", 1.0, "3a2030", "ffe4a8"), _f("saturate", 0.86), _f("fade", 1.0), _f("bloom", 0.3),
        _f("vignette", 0.5), _f("grain", 1.4), _f("scratches", 1.0))),
}  # fmt: skip
