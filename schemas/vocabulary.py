"""The closed vocabularies: words whose meaning the engine computes with (geometry, light, weather).

Open vocabularies (style, mood, lighting) are slugs checked against the prompt templates, since a project may add its
own. Input is forgiving of case, spaces and underscores, and of the synonyms below; output is the value.
"""

from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator


class ShotSize(StrEnum):
    """How much of the subject fills the frame."""

    EXTREME_WIDE = "extreme-wide"
    WIDE = "wide"
    FULL = "full"
    MEDIUM_WIDE = "medium-wide"
    MEDIUM = "medium"
    MEDIUM_CLOSE_UP = "medium-close-up"
    CLOSE_UP = "close-up"
    EXTREME_CLOSE_UP = "extreme-close-up"
    INSERT = "insert"


class Framing(StrEnum):
    """Coverage: whom the frame holds and from whose side."""

    SINGLE = "single"
    TWO_SHOT = "two-shot"
    THREE_SHOT = "three-shot"
    GROUP = "group"
    OVER_THE_SHOULDER = "over-the-shoulder"
    POV = "pov"
    REVERSE = "reverse"
    ESTABLISHING = "establishing"
    INSERT = "insert"


class CameraAngle(StrEnum):
    """Height and pitch of the camera."""

    EYE_LEVEL = "eye-level"
    LOW_ANGLE = "low-angle"
    HIGH_ANGLE = "high-angle"
    BIRDS_EYE = "birds-eye"
    WORMS_EYE = "worms-eye"
    DUTCH = "dutch"


class Facing(StrEnum):
    """Side of the subject that the camera sees."""

    FRONT = "front"
    THREE_QUARTER = "three-quarter"
    PROFILE = "profile"
    BACK = "back"


class CameraMovement(StrEnum):
    """Movement over the shot; a start frame shows its first state, an end frame its last."""

    STATIC = "static"
    PAN = "pan"
    TILT = "tilt"
    ZOOM = "zoom"
    PUSH_IN = "push-in"
    PULL_OUT = "pull-out"
    TRUCK = "truck"
    PEDESTAL = "pedestal"
    TRACKING = "tracking"
    ORBIT = "orbit"
    CRANE = "crane"
    HANDHELD = "handheld"
    STEADICAM = "steadicam"
    WHIP_PAN = "whip-pan"
    DOLLY_ZOOM = "dolly-zoom"


class Composition(StrEnum):
    """Where the weight of the frame lies."""

    CENTER = "center"
    BALANCED = "balanced"
    LEFT_HEAVY = "left-heavy"
    RIGHT_HEAVY = "right-heavy"
    SHORT_SIDE = "short-side"
    RULE_OF_THIRDS = "rule-of-thirds"
    GOLDEN_RATIO = "golden-ratio"
    SYMMETRY = "symmetry"
    LEADING_LINES = "leading-lines"
    FRAME_IN_FRAME = "frame-in-frame"
    NEGATIVE_SPACE = "negative-space"
    FOREGROUND_OCCLUSION = "foreground-occlusion"


class Focus(StrEnum):
    """Depth of field."""

    NORMAL = "normal"
    SHALLOW = "shallow"
    DEEP = "deep"


class Lens(StrEnum):
    """Kind of glass, beside or instead of a focal length."""

    FISHEYE = "fisheye"
    ULTRA_WIDE = "ultra-wide"
    WIDE = "wide"
    MEDIUM = "medium"
    LONG = "long"
    TELEPHOTO = "telephoto"
    ANAMORPHIC = "anamorphic"
    MACRO = "macro"


class TimeOfDay(StrEnum):
    """Time of the story's day, from night to night."""

    PRE_DAWN = "pre-dawn"
    DAWN = "dawn"
    SUNRISE = "sunrise"
    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    GOLDEN_HOUR = "golden-hour"
    SUNSET = "sunset"
    DUSK = "dusk"
    BLUE_HOUR = "blue-hour"
    NIGHT = "night"
    MIDNIGHT = "midnight"


class Weather(StrEnum):
    """Weather that the frame shows."""

    CLEAR = "clear"
    CLOUDY = "cloudy"
    OVERCAST = "overcast"
    DRIZZLE = "drizzle"
    RAIN = "rain"
    STORM = "storm"
    FOG = "fog"
    MIST = "mist"
    SNOW = "snow"
    WIND = "wind"
    DUST = "dust"
    HEAT_HAZE = "heat-haze"


class Season(StrEnum):
    """Season of the story's year."""

    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"


class FrameRole(StrEnum):
    """Which frame of the shot a run makes."""

    SINGLE = "single"
    START = "start"
    END = "end"


class FramePlan(StrEnum):
    """Frames planned for a shot: one, or the first and the last."""

    SINGLE = "single"
    START_END = "start-end"

    @property
    def roles(self) -> tuple[FrameRole, ...]:
        """The roles, in the order in which they are made."""
        if self is FramePlan.SINGLE:
            return (FrameRole.SINGLE,)
        return (FrameRole.START, FrameRole.END)


class SubjectKind(StrEnum):
    """What a run makes; references go the same way as shots."""

    KEYFRAME = "keyframe"
    CHARACTER_SHEET = "character_sheet"
    LOCATION_PLATE = "location_plate"
    PROP_VIEW = "prop_view"


class CharacterType(StrEnum):
    """Weight of a character in the story."""

    MAIN = "main"
    SUPPORTING = "supporting"
    BACKGROUND = "background"


class Dialect(StrEnum):
    """How a prompt is worded: sentences, or weighted tags."""

    NATURAL = "natural"
    TAGS = "tags"


class WeightForm(StrEnum):
    """How a model's program is told that words count for more or less; `none`: it isn't."""

    A1111 = "a1111"
    COMFY = "comfy"
    COMPEL = "compel"
    NONE = "none"


_SYNONYMS: dict[type[StrEnum], dict[str, str]] = {
    ShotSize: {
        "extreme-long": "extreme-wide",
        "extreme-long-shot": "extreme-wide",
        "long": "wide",
        "long-shot": "wide",
        "wide-shot": "wide",
        "full-shot": "full",
        "medium-long": "medium-wide",
        "cowboy": "medium-wide",
        "american": "medium-wide",
        "mid": "medium",
        "medium-shot": "medium",
        "closeup": "close-up",
        "close": "close-up",
        "medium-close": "medium-close-up",
        "extreme-closeup": "extreme-close-up",
        "detail": "insert",
    },
    Framing: {"two": "two-shot", "three": "three-shot", "ots": "over-the-shoulder", "point-of-view": "pov"},
    CameraAngle: {
        "low": "low-angle",
        "high": "high-angle",
        "bird's-eye": "birds-eye",
        "overhead": "birds-eye",
        "top-down": "birds-eye",
        "worm's-eye": "worms-eye",
        "dutch-angle": "dutch",
        "tilted": "dutch",
        "canted": "dutch",
    },
    CameraMovement: {
        "dolly": "push-in",
        "dolly-in": "push-in",
        "dolly-out": "pull-out",
        "arc": "orbit",
        "track": "tracking",
        "follow": "tracking",
        "locked-off": "static",
    },
    Composition: {"centre": "center", "centered": "center", "thirds": "rule-of-thirds"},
    Lens: {
        "fish-eye": "fisheye",
        "ultrawide": "ultra-wide",
        "wide-angle": "wide",
        "normal": "medium",
        "standard": "medium",
        "tele": "telephoto",
    },
    TimeOfDay: {"day": "noon", "evening": "dusk", "midday": "noon", "twilight": "blue-hour"},
    Weather: {
        "rainy": "rain",
        "foggy": "fog",
        "snowy": "snow",
        "windy": "wind",
        "stormy": "storm",
        "sunny": "clear",
        "misty": "mist",
        "dusty": "dust",
    },
    Season: {"fall": "autumn"},
    FramePlan: {"start_end": "start-end", "start+end": "start-end"},
}

E = TypeVar("E", bound=StrEnum)


def normalised(value: str) -> str:
    """Kebab case of a word: `Golden Hour`, `golden_hour` → `golden-hour`; curly apostrophes become straight."""
    return "-".join(value.strip().lower().replace("\u2019", "'").replace("_", " ").split())


def _reader(enum: type[StrEnum]) -> BeforeValidator:
    synonyms = _SYNONYMS.get(enum, {})

    def read(value: Any) -> Any:  # noqa: ANN401 - whatever the planner sent; the enum judges it
        if not isinstance(value, str) or isinstance(value, enum):
            return value
        word = normalised(value)
        return synonyms.get(word, word)

    return BeforeValidator(read)


ShotSizeWord = Annotated[ShotSize, _reader(ShotSize)]
FramingWord = Annotated[Framing, _reader(Framing)]
CameraAngleWord = Annotated[CameraAngle, _reader(CameraAngle)]
FacingWord = Annotated[Facing, _reader(Facing)]
CameraMovementWord = Annotated[CameraMovement, _reader(CameraMovement)]
CompositionWord = Annotated[Composition, _reader(Composition)]
FocusWord = Annotated[Focus, _reader(Focus)]
LensWord = Annotated[Lens, _reader(Lens)]
TimeOfDayWord = Annotated[TimeOfDay, _reader(TimeOfDay)]
WeatherWord = Annotated[Weather, _reader(Weather)]
SeasonWord = Annotated[Season, _reader(Season)]
FramePlanWord = Annotated[FramePlan, _reader(FramePlan)]
CharacterTypeWord = Annotated[CharacterType, _reader(CharacterType)]
