"""The bounds that frames are held to. Where each comes from is said in `settings.py`, which sets them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Shares are of all pixels, 0 to 1; luma is 0 to 255.

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
        duplicate_bits: largest number of differing hash bits of a near-duplicate.
        duplicate_colour: largest difference of mean colour, per channel, of a near-duplicate.
    """

    aspect: float = 0.001
    blank_deviation: float = 1.5
    blank_entropy: float = 1.0
    clip_warn: float = 0.6
    clip_fail: float = 0.98
    luma_low: float = 16.0
    luma_high: float = 239.0
    sharp_warn: float = 2.0
    sharp_fail: float = 0.1
    border: float = 0.02
    duplicate_bits: int = 8
    duplicate_colour: float = 8.0
