"""Light of a shot: the hour gives sky, sun and haze; weather dims it; the lighting set-up bends it."""

import math
from typing import Final, NamedTuple

from services.generation.providers.previz import colours
from services.generation.providers.previz.colours import brighter, mix, rgb, saturated, times
from services.generation.providers.previz.display_list import RGB
from services.generation.providers.previz.geometry import Vec3, clamp, dot, unit


class Light(NamedTuple):
    """All that surfaces need to know about the light.

    Attributes:
        sky: colours from the zenith to the horizon (four).
        haze: colour that distance fades to.
        visibility: metres at which 63 % of a colour is haze.
        sun: colour of the disc and its glow.
        to_sun: unit vector to the sun or moon.
        key: colour of the main light; key_level: its share, 0 to 1.
        fill: colour of the light from everywhere else.
        shade: what form shadows multiply by; shade_level: how dark, 0 to 1.
        rim: colour of the edge light; rim_level: 0 to 1.
        practicals: how brightly lamps and windows show, 0 to 1.
        night: 0 to 1. wet: 0 to 1, of the ground. flat: True hides sun and cast shadows.
        silhouette: 0 to 1, how black figures are against the light.
        snow: 0 to 1, how white upper surfaces are.
    """

    sky: tuple[RGB, RGB, RGB, RGB]
    haze: RGB
    visibility: float
    sun: RGB
    to_sun: Vec3
    key: RGB
    key_level: float
    fill: RGB
    shade: RGB
    shade_level: float
    rim: RGB
    rim_level: float
    practicals: float
    night: float
    wet: float
    flat: bool
    silhouette: float
    snow: float = 0.0

    def far(self, colour: RGB, depth: float) -> RGB:
        """Return a colour as it looks through the air at a depth in metres."""
        # Hills would drown at true distances: beyond 70 m the air counts for a tenth.
        felt = depth if depth < 70.0 else 70.0 + (depth - 70.0) * 0.10
        return mix(colour, self.haze, min(0.90, 1.0 - math.exp(-max(felt, 0.0) / self.visibility)))

    def surface(self, colour: RGB, normal: Vec3, depth: float) -> RGB:
        """Return a matt surface's colour, lit and seen through the air."""
        if self.snow > 0.0 and normal[1] > 0.6:
            colour = mix(colour, _SNOW, self.snow)
        facing = max(0.0, dot(normal, self.to_sun)) * self.key_level * 0.62
        lit = times(colour, self.fill)
        warm = times(colour, self.key)
        open_sky = 0.80 + 0.06 * normal[1]
        out = (
            lit[0] * open_sky + warm[0] * facing,
            lit[1] * open_sky + warm[1] * facing,
            lit[2] * open_sky + warm[2] * facing,
        )
        return self.far((min(255.0, out[0]), min(255.0, out[1]), min(255.0, out[2])), depth)

    def cloth(self, colour: RGB, depth: float) -> RGB:
        """Return a costume's colour: lit, but never so far that it can't be told."""
        # A strongly coloured light is taken half: a purple coat at sunset must not turn red.
        light = saturated(mix(self.fill, self.key, 0.45 * self.key_level + 0.10), 0.60)
        told = mix(brighter(times(colour, light), 1.12), colour, 0.32 - 0.14 * self.night)
        dark = mix(told, times(told, (38.0, 32.0, 52.0)), self.silhouette)
        return mix(dark, self.haze, min(0.72, 1.0 - math.exp(-max(depth - 3.0, 0.0) / (self.visibility * 1.35))))


_SNOW: Final[RGB] = (236.0, 240.0, 248.0)


class _Hour(NamedTuple):
    sky: tuple[str, str, str, str]
    haze: str
    sun: str
    key: str
    fill: str
    shade: str
    elevation: float
    key_level: float
    shade_level: float
    rim_level: float
    practicals: float
    night: float


_HOURS: Final[dict[str, _Hour]] = {
    "pre-dawn": _Hour(("0d1530", "1c2b52", "3c4a78", "8c7a94"), "5c648c", "f2b8a0", "b8a8c8", "8a94bc",
        "2a2c58", 3, 0.35, 0.42, 0.45, 0.75, 0.6),
    "dawn": _Hour(("34497e", "7a7aa6", "d89a98", "ffcfa0"), "d8a8a4", "ffe0b0", "ffc898", "b8b4cc",
        "43406e", 6, 0.60, 0.42, 0.80, 0.45, 0.2),
    "sunrise": _Hour(("4a6aa8", "9aa2c4", "f0b490", "ffdf9c"), "ecc4a4", "fff0c0", "ffd494", "b8aebc",
        "4c4668", 8, 0.75, 0.42, 0.90, 0.25, 0.1),
    "morning": _Hour(("4f90cc", "8abce0", "c4e0ec", "f2efdc"), "d0e0e4", "fffbe4", "fff0cc", "c4ccd4",
        "4e567c", 28, 0.75, 0.38, 0.55, 0.05, 0.0),
    "noon": _Hour(("3f86c9", "74b0de", "b4d8ee", "e4f0f2"), "c8dce6", "ffffff", "fff8e6", "cdd6de",
        "4c5a86", 58, 0.72, 0.40, 0.40, 0.04, 0.0),
    "afternoon": _Hour(("4288c6", "86b4d8", "d0dad8", "f4e6c4"), "dcd8c8", "fff4d0", "ffe6b0", "c8c8c8",
        "544e74", 34, 0.80, 0.42, 0.65, 0.06, 0.0),
    "golden-hour": _Hour(("5078a4", "a4a4a8", "f0b878", "ffd884"), "f0c088", "fff0b8", "ffc468", "dcc4b0",
        "56386a", 10, 0.95, 0.50, 1.00, 0.20, 0.1),
    "sunset": _Hour(("3a3a74", "8a5088", "e8746c", "ffb060"), "e8906c", "ffdc90", "ff9c54", "ccacac",
        "3c2a5c", 5, 0.85, 0.52, 1.00, 0.50, 0.25),
    "dusk": _Hour(("232450", "5c3c74", "b8607c", "f2a47c"), "bc7c88", "ffc898", "f2a07c", "ac9cc0",
        "2a2450", 2, 0.60, 0.48, 0.90, 0.80, 0.45),
    "blue-hour": _Hour(("0e1c44", "1e3a74", "3c66a4", "88a4c4"), "5474a4", "ffd8a8", "9cbcec", "7c9ad0",
        "16224c", 1, 0.40, 0.45, 0.70, 0.95, 0.65),
    "night": _Hour(("050918", "0c1632", "182a50", "304468"), "243860", "dce8ff", "a8c4f4", "6c82bc",
        "0c1230", 38, 0.50, 0.55, 0.85, 1.00, 1.0),
    "midnight": _Hour(("03050f", "080e22", "101c3a", "1e2c4a"), "18263e", "e4ecff", "98b4e4", "5a6ca4",
        "080c22", 55, 0.45, 0.60, 0.80, 1.00, 1.0),
}  # fmt: skip


class _Weather(NamedTuple):
    cloud: float
    visibility: float
    dim: float
    tint: str
    wet: float


_WEATHERS: Final[dict[str, _Weather]] = {
    "clear": _Weather(0.0, 95, 1.0, "ffffff", 0.0),
    "cloudy": _Weather(0.30, 80, 0.98, "f0f2f6", 0.0),
    "overcast": _Weather(0.85, 62, 0.94, "c8ced6", 0.0),
    "drizzle": _Weather(0.80, 46, 0.90, "b4bec8", 0.7),
    "rain": _Weather(0.75, 40, 0.86, "9ca8b6", 1.0),
    "storm": _Weather(0.95, 34, 0.74, "6c7484", 1.0),
    "fog": _Weather(0.90, 11, 0.98, "ccd2d6", 0.2),
    "mist": _Weather(0.50, 22, 1.0, "d8dce0", 0.15),
    "snow": _Weather(0.85, 32, 1.04, "dfe6f0", 0.0),
    "wind": _Weather(0.35, 85, 1.0, "f0f0f0", 0.0),
    "dust": _Weather(0.70, 17, 0.96, "cfa878", 0.0),
    "heat-haze": _Weather(0.05, 52, 1.04, "f4e4c4", 0.0),
}


def light_of(
    time: str, weather: str, lighting: str, season: str, *, sun_yaw: float, camera_yaw: float, indoors: bool
) -> Light:
    """Return the light of a shot.

    Args:
        time: of the day.
        weather: outdoors.
        lighting: the set-up.
        season: winter is white. All of the vocabulary.
        sun_yaw: world direction of the sun in radians, the place's own.
        camera_yaw: where the camera looks; set-ups such as "rim" are lit for the camera.
        indoors: takes the sky out and puts lamps in.
    """
    light = _weathered(_of_hour(_HOURS[time], sun_yaw), _WEATHERS[weather], cover=not indoors)
    if indoors:
        light = _indoors(light)
    elif weather == "snow" or season == "winter":
        light = light._replace(snow=0.82 if weather == "snow" else 0.45)
    return _set_up(light, lighting, camera_yaw)


def in_black_and_white(light: Light, weather: str) -> Light:
    """Return the light as a noir cameraman sets it: thick air goes dark, lamps burn through it, figures stay black.

    Colours part figure from fog on a colour film; without them only brightness is left to do it.
    """
    if weather not in {"fog", "mist", "dust", "snow", "drizzle"}:
        return light
    thick = 1.0 if weather == "fog" else 0.6
    by = 1.0 - 0.42 * thick
    return light._replace(
        haze=brighter(light.haze, by),
        sky=_dimmed(light.sky, by),
        visibility=light.visibility * (1.0 + 1.2 * thick),
        silhouette=max(light.silhouette, 0.40 * thick),
        shade_level=max(light.shade_level, 0.60),
        rim_level=1.0,
        practicals=max(light.practicals, 0.8 * thick),
    )


def _of_hour(h: _Hour, sun_yaw: float) -> Light:
    e = math.radians(h.elevation)
    to_sun = (math.sin(sun_yaw) * math.cos(e), math.sin(e), math.cos(sun_yaw) * math.cos(e))
    a, b, c, d = (rgb(code) for code in h.sky)
    key = rgb(h.key)
    return Light(
        sky=(a, b, c, d),
        haze=rgb(h.haze),
        visibility=95.0,
        sun=rgb(h.sun),
        to_sun=to_sun,
        key=key,
        key_level=h.key_level,
        fill=rgb(h.fill),
        shade=rgb(h.shade),
        shade_level=h.shade_level,
        rim=mix(key, colours.WHITE, 0.25),
        rim_level=h.rim_level,
        practicals=h.practicals,
        night=h.night,
        wet=0.0,
        flat=False,
        silhouette=0.0,
    )


def _weathered(light: Light, w: _Weather, *, cover: bool) -> Light:
    if not cover:
        return light._replace(visibility=160.0)
    dark = 1.0 - 0.72 * light.night
    grey = brighter(rgb(w.tint), dark if light.night else 1.0)
    a, b, c, d = (brighter(mix(s, mix(s, grey, 0.85), w.cloud), w.dim) for s in light.sky)
    haze = brighter(mix(light.haze, grey, w.cloud * 0.62), w.dim)
    return light._replace(
        sky=(a, b, c, d),
        haze=haze,
        visibility=w.visibility,
        key=mix(light.key, grey, w.cloud * 0.4),
        key_level=light.key_level * (1.0 - 0.62 * w.cloud),
        fill=brighter(mix(light.fill, grey, w.cloud * 0.25), w.dim),
        shade_level=light.shade_level * (1.0 - 0.30 * w.cloud),
        rim_level=light.rim_level * (1.0 - 0.35 * w.cloud * (1.0 - light.night)),
        practicals=clamp(light.practicals + 0.45 * max(0.0, w.cloud - 0.5) * (1.0 - light.night), 0.0, 1.0),
        wet=w.wet,
        flat=w.cloud > 0.6,
    )


def _indoors(light: Light) -> Light:
    warm = rgb("ffcf94")
    lamp = 0.35 + 0.65 * light.practicals
    base = mix(light.fill, warm, 0.32 * lamp)
    dim = 0.90 - 0.14 * light.night
    return light._replace(
        haze=mix(times(light.haze, rgb("a8949c")), rgb("5c4440"), 0.55 * lamp),
        visibility=42.0,
        key=mix(light.key, warm, 0.65 * lamp),
        key_level=0.55,
        fill=brighter(base, dim),
        shade_level=max(light.shade_level, 0.46),
        rim_level=max(light.rim_level, 0.65),
        practicals=max(light.practicals, 0.55),
        wet=0.0,
    )


def _set_up(light: Light, lighting: str, camera_yaw: float) -> Light:
    """Bend the light to a lighting set-up; sides are the camera's."""

    def towards(turn: float, height: float) -> Vec3:
        yaw = camera_yaw + math.radians(turn)
        return unit((math.sin(yaw), math.tan(math.radians(height)), math.cos(yaw)))

    low = light._replace(
        fill=mix(times(light.fill, rgb("8c84a0")), rgb("1c1a2c"), 0.18), shade_level=0.74, flat=False,
        haze=brighter(light.haze, 0.62), sky=_dimmed(light.sky, 0.62), key_level=min(1.0, light.key_level + 0.2),
    )  # fmt: skip
    made: dict[str, Light] = {
        "golden-hour": light._replace(
            key=mix(light.key, rgb("ffb850"), 0.6), sun=mix(light.sun, rgb("ffe0a0"), 0.6), rim=rgb("ffd890"),
            rim_level=1.0, haze=mix(light.haze, rgb("f0b070"), 0.35 * (1 - light.night)), key_level=0.95,
        ),
        "blue-hour": light._replace(fill=mix(light.fill, rgb("6c90d0"), 0.4), haze=mix(light.haze,
            rgb("5474a8"), 0.35)),
        "dramatic": low._replace(shade_level=0.66, rim_level=1.0, to_sun=towards(62, 24)),
        "soft": light._replace(shade_level=light.shade_level * 0.5, rim_level=light.rim_level * 0.5, flat=True),
        "rim": light._replace(rim_level=1.0, shade_level=0.58, to_sun=towards(28, 22)),
        "back": light._replace(rim_level=1.0, shade_level=0.56, to_sun=towards(16, 18)),
        "low-key": low,
        "high-key": light._replace(
            fill=mix(light.fill, colours.WHITE, 0.45), shade_level=light.shade_level * 0.45,
            haze=mix(light.haze, colours.WHITE, 0.30), sky=_lifted(light.sky, 0.28),
        ),
        "silhouette": light._replace(silhouette=0.88, rim_level=0.9, to_sun=towards(8, 10)),
        "chiaroscuro": low._replace(shade_level=0.86, to_sun=towards(100, 30), key=mix(light.key, rgb("ffcc90"), 0.5)),
        "neon": light._replace(
            key=rgb("ff5ca8"), rim=rgb("40e0ff"), rim_level=1.0, key_level=0.65, practicals=1.0,
            fill=mix(light.fill, rgb("8878d8"), 0.35), shade=rgb("281450"), to_sun=towards(70, 20),
        ),
        "rembrandt": low._replace(shade_level=0.62, to_sun=towards(130, 42), fill=times(light.fill, rgb("c8bcc4"))),
        "three-point": light._replace(to_sun=towards(140, 34), rim_level=0.9, shade_level=0.40),
        "side": light._replace(to_sun=towards(90, 15), shade_level=0.60),
        "top": light._replace(to_sun=towards(0, 78), shade_level=0.55),
        "under": light._replace(to_sun=towards(150, -40), shade_level=0.60),
        "hard": light._replace(shade_level=0.64, flat=False, key_level=1.0),
        "volumetric": light._replace(rim_level=1.0, visibility=light.visibility * 0.6, to_sun=towards(24, 40)),
    }  # fmt: skip
    for name in ("firelight", "candlelight", "tungsten"):
        made[name] = low._replace(
            key=rgb("ffa850"), rim=rgb("ffc880"), fill=mix(low.fill, rgb("a86c50"), 0.35), practicals=1.0,
            shade_level=0.58, to_sun=towards(75, 12),
        )  # fmt: skip
    made["moonlight"] = light._replace(key=rgb("b0ccff"), rim=rgb("d0e0ff"), rim_level=1.0)
    made["practical"] = light._replace(practicals=1.0, key=mix(light.key, rgb("ffc880"), 0.4))
    made["fluorescent"] = light._replace(key=rgb("e0ffe8"), fill=mix(light.fill, rgb("c8dcc8"), 0.4), practicals=1.0)
    return made.get(lighting, light)


def _dimmed(sky: tuple[RGB, RGB, RGB, RGB], by: float) -> tuple[RGB, RGB, RGB, RGB]:
    a, b, c, d = (saturated(brighter(s, by), 0.9) for s in sky)
    return (a, b, c, d)


def _lifted(sky: tuple[RGB, RGB, RGB, RGB], by: float) -> tuple[RGB, RGB, RGB, RGB]:
    a, b, c, d = (mix(s, colours.WHITE, by) for s in sky)
    return (a, b, c, d)
