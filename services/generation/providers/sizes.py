"""Which size a model is asked for when it can't make the one that is wanted: the nearest that loses least by cropping.

The worker brings the answer to exactly the wanted size (`domain/images.py`): scaled to cover it, cropped, never
stretched. So a size is the better the less of it is cropped away, and then the nearer its pixels are.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

Size = tuple[int, int]
#: Pixels are paid for: 1920x1088 for 1920x1080 rather than 2048x1152, though that one needs no cropping.
_PIXELS_WEIGH: Final = 0.1


class Sizes(Protocol):
    """Sizes that a model makes."""

    def nearest(self, width: int, height: int) -> Size:
        """The size to ask for, in pixels; the wanted one when the model makes it."""
        ...


def kept(made: Size, wanted: Size) -> float:
    """Share of a made picture that is left after it was cropped to the wanted ratio, 0 to 1."""
    made_ratio, wanted_ratio = made[0] / made[1], wanted[0] / wanted[1]
    return min(made_ratio, wanted_ratio) / max(made_ratio, wanted_ratio)


def best(sizes: Iterable[Size], wanted: Size) -> Size:
    """The size that loses least by cropping; a tenth of a percent more is taken for each percent nearer in pixels."""

    def worse(size: Size) -> tuple[float, int]:
        scale = size[0] * size[1] / (wanted[0] * wanted[1])
        return (1 - kept(size, wanted) + _PIXELS_WEIGH * abs(math.log(scale)), -size[0] * size[1])

    return min(sizes, key=worse)


@dataclass(frozen=True, slots=True)
class SizeList:
    """Listed sizes only."""

    pairs: tuple[Size, ...]

    def nearest(self, width: int, height: int) -> Size:
        """The listed size that loses least."""
        return best(self.pairs, (width, height))


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Any size within bounds, both sides multiples of `step`; in pixels. `max_ratio`: long over short side."""

    min_side: int
    max_side: int
    step: int = 1
    min_pixels: int = 1
    max_pixels: int = 1 << 40
    max_ratio: float = 1000.0

    def makes(self, width: int, height: int) -> bool:
        """Whether this very size can be made."""
        short, long = sorted((width, height))
        return (
            short >= self.min_side
            and long <= self.max_side
            and width % self.step == 0
            and height % self.step == 0
            and self.min_pixels <= width * height <= self.max_pixels
            and long <= short * self.max_ratio
        )

    def nearest(self, width: int, height: int) -> Size:
        """The size within bounds that loses least.

        Raises:
            ValueError: the bounds allow no size at all.
        """
        if self.makes(width, height):
            return (width, height)
        ratio = min(max(width / height, 1 / self.max_ratio), self.max_ratio)
        pixels = min(max(width * height, self.min_pixels), self.max_pixels)
        found = set(self._around(ratio, pixels))
        # A size at the edge of the pixel budget may round out of it: then all widths are looked through.
        every = found or {size for w in self._sides() for size in self._beside(w, ratio)}
        if not every:
            raise ValueError(f"size: {width}x{height}, and the bounds of the model allow none at all: {self}")
        return best(every, (width, height))

    def _sides(self) -> range:
        first = -(-self.min_side // self.step) * self.step
        return range(first, self.max_side + 1, self.step)

    def _around(self, ratio: float, pixels: int) -> Iterable[Size]:
        middle = round((pixels * ratio) ** 0.5 / self.step) * self.step
        for width in range(middle - 16 * self.step, middle + 17 * self.step, self.step):
            yield from self._beside(width, ratio)

    def _beside(self, width: int, ratio: float) -> Iterable[Size]:
        below = int(width / ratio) // self.step * self.step
        for height in (below, below + self.step):
            if width > 0 and height > 0 and self.makes(width, height):
                yield (width, height)


@dataclass(frozen=True, slots=True)
class RatioList:
    """A vendor that is asked by aspect ratio, e.g. `16:9`; the sizes are what it makes of each."""

    by_name: tuple[tuple[str, Size], ...]

    def nearest(self, width: int, height: int) -> Size:
        """The size of the ratio that loses least."""
        return best([size for _, size in self.by_name], (width, height))

    def name(self, size: Size) -> str:
        """The ratio's name of a size that `nearest` returned."""
        return next(name for name, made in self.by_name if made == size)


#: About a megapixel each: what Google's image model makes, also where fal and Replicate host it and its likes.
MEGAPIXEL_RATIOS: Final = RatioList(
    (
        ("1:1", (1024, 1024)),
        ("16:9", (1344, 768)),
        ("9:16", (768, 1344)),
        ("3:2", (1248, 832)),
        ("2:3", (832, 1248)),
        ("4:3", (1184, 864)),
        ("3:4", (864, 1184)),
        ("21:9", (1536, 672)),
    )
)
