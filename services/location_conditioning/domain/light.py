"""Light as numbers, from time of day, weather, season and lighting set-up.

`TIMES` gives the key light of a clear summer day outdoors; weather, season and set-up then change it, in this order.
Colour temperatures are the ones in common use on set: candle 1,900 K, tungsten lamps 3,200 K, fluorescent 4,200 K,
HMI and noon daylight 5,600 K, overcast 6,500 K (CIE illuminant D65), open shade 7,500 K, blue hour about 10,000 K. Film
shows moonlight colder than its 4,100 K, because eyes in the dark see blue: 7,500 K here.

Weather and season shift the colour in mireds (10⁶ / K), the unit in which shifts of colour add up the same way at any
temperature, as with correction filters. The other changes are factors. Results are clamped to the ranges of
`LightParameters`; kelvin are rounded to 50.
"""

from dataclasses import dataclass, replace
from typing import Final

from schemas.conditioning import LightParameters
from schemas.vocabulary import Season, TimeOfDay, Weather
from services.location_conditioning.domain.variant import Variant

_MIRED: Final = 1_000_000.0
_KELVIN: Final = (1_000.0, 20_000.0)
_KELVIN_STEP: Final = 50
#: Indoors weather arrives through windows: half of its change.
_SHELTER: Final = 0.5


@dataclass(frozen=True, slots=True)
class Light:
    """A key light: kelvin, intensity 0 to 1, direction, contrast and saturation (1 = neutral)."""

    kelvin: float
    intensity: float
    direction: str
    contrast: float
    saturation: float


@dataclass(frozen=True, slots=True)
class Change:
    """What weather, season or a set-up does to a light.

    `mired` is added to the colour (negative = colder), `kelvin` replaces it; the rest are factors. `direction` replaces
    the direction when given.
    """

    mired: float = 0.0
    intensity: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    direction: str | None = None
    kelvin: float | None = None


TIMES: Final = {
    TimeOfDay.PRE_DAWN: Light(9_000, 0.12, "ambient", 0.70, 0.70),
    TimeOfDay.DAWN: Light(4_500, 0.35, "low-side", 0.80, 0.90),
    TimeOfDay.SUNRISE: Light(2_800, 0.50, "low-side", 1.10, 1.15),
    TimeOfDay.MORNING: Light(4_800, 0.75, "side", 1.05, 1.05),
    TimeOfDay.NOON: Light(5_600, 1.00, "top", 1.30, 1.00),
    TimeOfDay.AFTERNOON: Light(5_200, 0.85, "side", 1.10, 1.05),
    TimeOfDay.GOLDEN_HOUR: Light(3_500, 0.60, "low-side", 1.15, 1.20),
    TimeOfDay.SUNSET: Light(2_500, 0.45, "low-side", 1.20, 1.25),
    TimeOfDay.DUSK: Light(6_500, 0.22, "ambient", 0.85, 0.85),
    TimeOfDay.BLUE_HOUR: Light(10_000, 0.16, "ambient", 0.80, 0.90),
    TimeOfDay.NIGHT: Light(7_500, 0.08, "back", 1.40, 0.60),
    TimeOfDay.MIDNIGHT: Light(7_500, 0.05, "top", 1.50, 0.50),
}

#: Indoors after dark the key light is a lamp in the room; by day it is a window.
_LAMP: Final = Light(2_900, 0.35, "side", 1.20, 0.95)
_WINDOW: Final = Change(intensity=0.6, contrast=1.1, direction="side")
_DARK: Final = frozenset({TimeOfDay.PRE_DAWN, TimeOfDay.DUSK, TimeOfDay.BLUE_HOUR, TimeOfDay.NIGHT, TimeOfDay.MIDNIGHT})

WEATHERS: Final = {
    Weather.CLEAR: Change(),
    Weather.CLOUDY: Change(mired=-12, intensity=0.80, contrast=0.85, saturation=0.95),
    Weather.OVERCAST: Change(mired=-25, intensity=0.60, contrast=0.65, saturation=0.85, direction="ambient"),
    Weather.DRIZZLE: Change(mired=-22, intensity=0.55, contrast=0.65, saturation=0.85, direction="ambient"),
    Weather.RAIN: Change(mired=-28, intensity=0.45, contrast=0.70, saturation=0.80, direction="ambient"),
    Weather.STORM: Change(mired=-35, intensity=0.30, contrast=0.95, saturation=0.70, direction="ambient"),
    Weather.FOG: Change(mired=-20, intensity=0.55, contrast=0.45, saturation=0.60, direction="ambient"),
    Weather.MIST: Change(mired=-12, intensity=0.70, contrast=0.65, saturation=0.75),
    Weather.SNOW: Change(mired=-30, intensity=0.75, contrast=0.70, saturation=0.75, direction="ambient"),
    Weather.WIND: Change(contrast=1.05),
    Weather.DUST: Change(mired=70, intensity=0.60, contrast=0.60, saturation=0.75),
    Weather.HEAT_HAZE: Change(mired=15, intensity=1.00, contrast=0.80, saturation=0.90),
}

SEASONS: Final = {
    Season.SPRING: Change(mired=-2, intensity=0.95, saturation=1.05),
    Season.SUMMER: Change(),
    Season.AUTUMN: Change(mired=10, intensity=0.90, saturation=1.05),
    Season.WINTER: Change(mired=-10, intensity=0.80, contrast=0.95, saturation=0.85),
}

#: Lighting set-ups by their slug without `-light`, `-lighting` or `-lit`. `natural` leaves the day as it is.
SET_UPS: Final = {
    "natural": Change(),
    "daylight": Change(kelvin=5_600),
    "sunny": Change(kelvin=5_500, intensity=1.15, contrast=1.15, saturation=1.05),
    "overcast": Change(kelvin=6_500, contrast=0.65, saturation=0.90, direction="ambient"),
    "moonlight": Change(kelvin=7_500, intensity=0.35, contrast=1.20, saturation=0.60, direction="back"),
    "firelight": Change(kelvin=1_900, contrast=1.35, saturation=1.10, direction="low-side"),
    "candlelight": Change(kelvin=1_900, intensity=0.70, contrast=1.35, saturation=1.05, direction="low-side"),
    "practical": Change(kelvin=2_900, contrast=1.15, direction="side"),
    "tungsten": Change(kelvin=3_200),
    "fluorescent": Change(kelvin=4_200, contrast=0.80, saturation=0.85, direction="top"),
    "neon": Change(contrast=1.30, saturation=1.40, direction="side"),
    "hmi": Change(kelvin=5_600, contrast=1.10),
    "led": Change(kelvin=5_600),
    "mixed": Change(kelvin=4_200),
    "golden-hour": Change(kelvin=3_500, contrast=1.05, saturation=1.15, direction="low-side"),
    "blue-hour": Change(kelvin=10_000, intensity=0.50, contrast=0.85, saturation=0.90, direction="ambient"),
    "dramatic": Change(contrast=1.45, intensity=0.85, direction="side"),
    "soft": Change(contrast=0.70, direction="front"),
    "hard": Change(contrast=1.35),
    "key": Change(contrast=1.10, direction="side"),
    "fill": Change(contrast=0.70, direction="front"),
    "rim": Change(contrast=1.25, direction="back"),
    "edge": Change(contrast=1.25, direction="back"),
    "three-point": Change(contrast=0.95, direction="side"),
    "rembrandt": Change(contrast=1.30, direction="side"),
    "side": Change(contrast=1.20, direction="side"),
    "back": Change(contrast=1.20, direction="back"),
    "front": Change(contrast=0.80, direction="front"),
    "top": Change(contrast=1.20, direction="top"),
    "under": Change(contrast=1.30, direction="under"),
    "silhouette": Change(contrast=1.60, intensity=0.70, saturation=0.80, direction="back"),
    "high-key": Change(contrast=0.65, intensity=1.30, direction="front"),
    "low-key": Change(contrast=1.50, intensity=0.50, saturation=0.90, direction="side"),
    "chiaroscuro": Change(contrast=1.60, intensity=0.60, direction="side"),
    "volumetric": Change(contrast=1.10, direction="back"),
}
_ENDINGS: Final = ("-lighting", "-light", "-lit", "light")


def light_for(variant: Variant, lighting: str, *, sheltered: bool = False) -> LightParameters:
    """The key light of a frame.

    Args:
        variant: time, weather and season.
        lighting: lighting set-up; one that isn't in `SET_UPS` changes nothing here (its wording still counts).
        sheltered: inside: by day a window, after dark a lamp, and half of the weather.
    """
    if sheltered and variant.time in _DARK:
        light = _LAMP
    else:
        light = TIMES[variant.time]
        change = WEATHERS[variant.weather]
        light = _changed(light, _halved(change) if sheltered else change)
        light = _changed(light, SEASONS[variant.season])
        if sheltered:
            light = _changed(light, _WINDOW)
    light = _changed(light, SET_UPS.get(set_up_key(lighting), Change()))
    kelvin = round(_clamp(light.kelvin, *_KELVIN) / _KELVIN_STEP) * _KELVIN_STEP
    return LightParameters(
        colour_temperature_k=kelvin,
        intensity=round(_clamp(light.intensity, 0.0, 1.0), 3),
        direction=light.direction,
        contrast=round(_clamp(light.contrast, 0.0, 2.0), 3),
        saturation=round(_clamp(light.saturation, 0.0, 2.0), 3),
    )


def set_up_key(lighting: str) -> str:
    """The row of `SET_UPS` that a word means: `rim-light`, `backlight` and `side-lit` without their endings."""
    if lighting in SET_UPS:
        return lighting
    for ending in _ENDINGS:
        if lighting.endswith(ending) and lighting.removesuffix(ending) in SET_UPS:
            return lighting.removesuffix(ending)
    return lighting


def _changed(light: Light, change: Change) -> Light:
    kelvin = change.kelvin if change.kelvin is not None else _MIRED / (_MIRED / light.kelvin + change.mired)
    return Light(
        kelvin=kelvin,
        intensity=light.intensity * change.intensity,
        direction=change.direction or light.direction,
        contrast=light.contrast * change.contrast,
        saturation=light.saturation * change.saturation,
    )


def _halved(change: Change) -> Change:
    return replace(
        change,
        mired=change.mired * _SHELTER,
        intensity=1 + (change.intensity - 1) * _SHELTER,
        contrast=1 + (change.contrast - 1) * _SHELTER,
        saturation=1 + (change.saturation - 1) * _SHELTER,
        direction=None,
    )


def _clamp(value: float, least: float, most: float) -> float:
    return max(least, min(most, value))
