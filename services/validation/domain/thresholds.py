"""The bounds that frames are held to. Where each comes from is said in `settings.py`, which sets them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from schemas.vocabulary import ShotSize


@dataclass(frozen=True, slots=True)
class StyleBounds:
    """What a style does to colours and gradients.

    Attributes:
        colour: whether it has any; without, no colour is measured.
        gradients: whether it draws smooth ones; without, banding is not measured.
        palette: factor on the distance from a plate that is still usual, 0.1 to 10.
    """

    colour: bool = True
    gradients: bool = True
    palette: float = 1.0


ANY_STYLE: Final = StyleBounds()
#: Styles that are not like the others. Film noir and ink have no hue; comic, anime and ink shade in flat steps;
#: watercolour and old film stock wash or tint what they show.
STYLES: Final[Mapping[str, StyleBounds]] = MappingProxyType(
    {
        "noir": StyleBounds(colour=False),
        "ink": StyleBounds(colour=False, gradients=False),
        "comic": StyleBounds(gradients=False, palette=1.5),
        "anime": StyleBounds(gradients=False),
        "watercolour": StyleBounds(palette=1.5),
        "vintage-film": StyleBounds(palette=1.5),
    }
)
#: Lighting that shows outlines only.
UNLIT: Final = frozenset({"silhouette"})
#: Distance from the plate's palette that is still usual, by how much of the place is seen; not measured in the others.
_PALETTE: Final = MappingProxyType(
    {
        **dict.fromkeys((ShotSize.EXTREME_WIDE, ShotSize.WIDE, ShotSize.FULL, ShotSize.MEDIUM_WIDE), 1.0),
        **dict.fromkeys((ShotSize.MEDIUM, ShotSize.MEDIUM_CLOSE_UP), 2.0),
    }
)
#: Share of the frame that a colour worn takes at least, as a part of that in a medium shot; not measured in the others.
_ATTIRE: Final = MappingProxyType(
    {
        ShotSize.EXTREME_WIDE: 0.075,
        ShotSize.WIDE: 0.375,
        ShotSize.FULL: 0.375,
        ShotSize.MEDIUM_WIDE: 0.375,
        ShotSize.MEDIUM: 1.0,
        ShotSize.MEDIUM_CLOSE_UP: 1.0,
        ShotSize.CLOSE_UP: 0.375,
    }
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares are of all pixels, 0 to 1; luma is 0 to 255; hues are degrees and chromas distances from grey in Oklab.

    Attributes:
        aspect: largest relative deviation of the aspect ratio.
        blank_deviation: least standard deviation of luma.
        blank_entropy: least entropy of the luma histogram in bits; a frame below both is blank.
        clip_warn: share of clipped blacks or whites from which is warned.
        clip_fail: share from which the frame fails.
        luma_low: mean luma below which is warned.
        luma_high: mean luma above which is warned.
        sharp_warn: variance of the Laplacian below which is warned.
        sharp_fail: variance below which the frame fails.
        border: least share of a side that counts as a stray border.
        banding: largest share of pixels on false contours.
        palette: largest distance from the plate's palette in a wide shot.
        attire: least share of a colour worn in a medium shot.
        attire_lost: part of that below which a colour is not seen at all.
        attire_hue: how far a hue may turn from the one named.
        attire_fade: part of the named chroma that must be left.
        attire_chroma: least chroma of a name that tells clothes from grey ones.
        skin_hues: hues of skin, wood and warm light, from and to.
        skin_chroma: chroma from which a colour of these hues is one of cloth.
        colour_apart: distance, Oklab with a third of lightness, from which a colour is none of those known.
        unexplained: largest share of the frame in solid patches of colours from nowhere.
        pasted: correlation with a reference from which a part of the frame was pasted.
        unlit: lightings that leave clothes without colour.
        styles: what styles do to colours and gradients.
        duplicate_bits: largest number of differing hash bits of a near-duplicate.
        duplicate_colour: largest difference of mean colour, per channel, of a near-duplicate.
    """

    aspect: float = 0.001
    blank_deviation: float = 1.5
    blank_entropy: float = 1.1
    clip_warn: float = 0.6
    clip_fail: float = 0.98
    luma_low: float = 16.0
    luma_high: float = 239.0
    sharp_warn: float = 2.0
    sharp_fail: float = 0.1
    border: float = 0.02
    banding: float = 0.002
    palette: float = 0.022
    attire: float = 0.004
    attire_lost: float = 0.1
    attire_hue: float = 16.0
    attire_fade: float = 0.45
    attire_chroma: float = 0.06
    skin_hues: tuple[float, float] = (30.0, 85.0)
    skin_chroma: float = 0.13
    colour_apart: float = 0.045
    unexplained: float = 0.0015
    pasted: float = 0.9
    unlit: frozenset[str] = UNLIT
    styles: Mapping[str, StyleBounds] = field(default_factory=lambda: STYLES)
    duplicate_bits: int = 8
    duplicate_colour: float = 8.0

    def style(self, name: str) -> StyleBounds:
        """Bounds of a style; one that isn't listed is like most."""
        return self.styles.get(name, ANY_STYLE)

    def palette_limit(self, size: ShotSize | None) -> float | None:
        """Largest usual distance from the plate at a shot size; None where too little of the place is seen."""
        factor = None if size is None else _PALETTE.get(size)
        return None if factor is None else factor * self.palette

    def attire_share(self, size: ShotSize | None) -> float | None:
        """Least share of a colour worn at a shot size; None where clothes are hardly seen."""
        factor = None if size is None else _ATTIRE.get(size)
        return None if factor is None else factor * self.attire
