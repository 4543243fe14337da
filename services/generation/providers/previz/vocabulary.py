"""The words of a shot that the artist knows, and how near-misses are read. Unknown words fall back, never fail."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Size(NamedTuple):
    """What a shot size asks of the framing.

    Attributes:
        share: height of a standing subject in frame heights (over 1: the frame cuts the figure).
        low, high: the range of `share` that still is this size.
        eyes: where the eyes sit, in frame heights from the top.
        lens_mm: usual focal length on a 36 mm wide sensor.
    """

    share: float
    low: float
    high: float
    eyes: float
    lens_mm: float


SIZES: Final[dict[str, Size]] = {
    "extreme-wide": Size(0.20, 0.10, 0.30, 0.52, 24),
    "wide": Size(0.50, 0.36, 0.62, 0.40, 28),
    "full": Size(0.80, 0.66, 0.92, 0.20, 35),
    "medium-wide": Size(1.18, 0.98, 1.38, 0.22, 40),
    "medium": Size(1.70, 1.42, 1.98, 0.27, 50),
    "medium-close-up": Size(2.50, 2.05, 2.95, 0.31, 65),
    "close-up": Size(3.60, 3.00, 4.20, 0.37, 85),
    "extreme-close-up": Size(5.40, 3.60, 6.20, 0.45, 100),
    "insert": Size(6.80, 3.40, 9.00, 0.45, 85),
}
"""Shot sizes from widest to closest."""

ANGLES: Final = ("eye-level", "low-angle", "high-angle", "birds-eye", "worms-eye", "dutch")
FACINGS: Final = ("front", "three-quarter", "profile", "back")
COVERAGES: Final = (
    "single", "two-shot", "three-shot", "group", "over-the-shoulder", "pov", "reverse", "establishing", "insert",
)  # fmt: skip
MOVEMENTS: Final = (
    "static", "pan", "tilt", "zoom", "push-in", "pull-out", "truck", "pedestal", "tracking", "orbit", "crane",
    "handheld", "steadicam", "whip-pan", "dolly-zoom",
)  # fmt: skip
COMPOSITIONS: Final = (
    "center", "balanced", "left-heavy", "right-heavy", "short-side", "rule-of-thirds", "golden-ratio", "symmetry",
    "leading-lines", "frame-in-frame", "negative-space", "foreground-occlusion",
)  # fmt: skip
TIMES: Final = (
    "pre-dawn", "dawn", "sunrise", "morning", "noon", "afternoon", "golden-hour", "sunset", "dusk", "blue-hour",
    "night", "midnight",
)  # fmt: skip
WEATHERS: Final = (
    "clear", "cloudy", "overcast", "drizzle", "rain", "storm", "fog", "mist", "snow", "wind", "dust", "heat-haze",
)  # fmt: skip
SEASONS: Final = ("spring", "summer", "autumn", "winter")
STYLES: Final = (
    "cinematic", "anime", "noir", "realistic", "painterly", "watercolour", "comic", "cg-3d", "claymation", "ink",
    "documentary", "vintage-film",
)  # fmt: skip
LIGHTINGS: Final = (
    "natural", "golden-hour", "blue-hour", "dramatic", "soft", "rim", "low-key", "high-key", "silhouette",
    "chiaroscuro", "neon", "three-point", "rembrandt", "side", "back", "top", "under", "hard", "volumetric",
    "firelight", "moonlight", "practical", "tungsten", "fluorescent", "candlelight",
)  # fmt: skip

_ALIASES: Final[Mapping[str, str]] = {
    "day": "noon", "daytime": "noon", "midday": "noon", "evening": "dusk", "twilight": "dusk",
    "late-afternoon": "golden-hour", "sundown": "sunset", "daybreak": "dawn",
    "rainy": "rain", "foggy": "fog", "snowy": "snow", "windy": "wind", "misty": "mist", "stormy": "storm",
    "thunderstorm": "storm", "sunny": "clear", "partly-cloudy": "cloudy", "dusty": "dust", "heavy-rain": "rain",
    "haze": "heat-haze", "fall": "autumn", "monsoon": "summer",
    "bird-eye": "birds-eye", "bird-s-eye": "birds-eye", "overhead": "birds-eye", "top-down": "birds-eye",
    "worm-eye": "worms-eye", "worm-s-eye": "worms-eye", "low": "low-angle", "high": "high-angle",
    "eye": "eye-level", "tilted": "dutch", "dutch-angle": "dutch", "dutch-tilt": "dutch",
    "long": "full", "full-shot": "full", "wide-shot": "wide", "extreme-long": "extreme-wide",
    "medium-long": "medium-wide", "cowboy": "medium-wide", "closeup": "close-up", "close": "close-up",
    "mcu": "medium-close-up", "ecu": "extreme-close-up", "macro": "insert", "medium-shot": "medium",
    "centre": "center", "thirds": "rule-of-thirds", "golden": "golden-ratio", "symmetrical": "symmetry",
    "ots": "over-the-shoulder", "point-of-view": "pov", "dolly": "push-in", "dolly-in": "push-in",
    "dolly-out": "pull-out", "arc": "orbit", "track": "tracking", "whip": "whip-pan",
    "watercolor": "watercolour", "3d": "cg-3d", "3-d-cg": "cg-3d", "3d-cg": "cg-3d",
    "cg": "cg-3d", "cgi": "cg-3d", "clay": "claymation",
    "vintage": "vintage-film", "film-noir": "noir", "photorealistic": "realistic", "manga": "anime",
    "comic-book": "comic", "painting": "painterly", "oil-painting": "painterly",
    "3-4": "three-quarter", "rear": "back", "side": "profile",
    "backlit": "back", "backlight": "back", "edge": "rim", "candle": "candlelight", "fire": "firelight",
}  # fmt: skip


def normal(word: str) -> str:
    """Return a word in the vocabulary's spelling: lower case, hyphens, no apostrophes."""
    cleaned = word[:80].strip().casefold().replace("'", "").replace("\u2019", "")
    return "-".join(cleaned.replace("_", " ").replace("-", " ").replace("/", " ").split())


def known(word: str, allowed: tuple[str, ...], otherwise: str) -> str:
    """Return the allowed word that is meant, or `otherwise`."""
    plain = normal(word)
    if plain in allowed:
        return plain
    alias = _ALIASES.get(plain, plain)
    return alias if alias in allowed else otherwise
