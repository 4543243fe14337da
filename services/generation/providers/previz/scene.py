"""What a shot looks like, in words and numbers: all that the artist is told.

Words are free text. Known ones (see `vocabulary.py`) are used, unknown ones fall back to a plain default, so any
script, emoji or empty text gives a picture.
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from services.generation.providers.previz import vocabulary
from services.generation.providers.previz.vocabulary import known

MIN_SIDE: Final = 64
MAX_SIDE: Final = 4096

Side = Annotated[int, Field(ge=MIN_SIDE, le=MAX_SIDE)]
Words = tuple[str, ...]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PrevizCharacter(_Value):
    """One person of the shot.

    Attributes:
        id: names the person; the same id with the same seed looks the same in every shot.
        seed: settles what the words leave open (face, proportions).
        name, description: free text; gender, age and more are read from it.
        body: build, such as "tall and lean", "stocky".
        age: such as "8", "elderly", "young adult".
        skin: such as "warm brown", "#c98e6e", "blue".
        hair: colour and style, such as "long black hair, braided".
        garments: one text each, such as "red wool coat", "gold-bordered sari".
        colours: attire colours that garments without their own take, in order; names or hex.
        accessories, props: one text each, such as "fedora", "umbrella".
        action: what the person does, such as "walks along the river".
        expression: such as "worried", "smiling".
        static_features: marks that never change, such as "scar", "beard".
    """

    id: str
    seed: int = 0
    name: str = ""
    description: str = ""
    body: str = ""
    age: str = ""
    skin: str = ""
    hair: str = ""
    garments: Words = ()
    colours: Words = ()
    accessories: Words = ()
    props: Words = ()
    action: str = ""
    expression: str = ""
    static_features: Words = ()


class PrevizLocation(_Value):
    """Where the shot plays.

    Attributes:
        id, seed: the same pair is laid out the same in every shot.
        landmarks: things that never change, one text each, such as "banyan tree", "stone bridge".
        palette: colour names or hex that tint the place.
    """

    id: str = ""
    seed: int = 0
    name: str = ""
    description: str = ""
    location_type: str = ""
    landmarks: Words = ()
    palette: Words = ()


class PrevizScene(_Value):
    """A whole frame to draw.

    Attributes:
        width, height: of the picture in pixels.
        seed: settles what the words leave open for this shot (camera side, mirrored poses).
        frame_role: "single", "start" or "end"; the end frame shows where camera and action have gone.
        lens_mm: focal length for a 36 mm sensor; None takes the usual one of the shot size.
        prop_in_focus: what an insert shows.
        is_sheet: the first character's views side by side, in place of the shot.
    """

    width: Side = 1024
    height: Side = 576
    seed: int = 0
    frame_role: str = "single"
    style: str = "cinematic"
    shot_size: str = "medium"
    coverage: str = "single"
    angle: str = "eye-level"
    facing: str = ""
    movement: str = "static"
    composition: str = "rule-of-thirds"
    lens_mm: Annotated[float, Field(gt=0, le=2000)] | None = None
    characters: tuple[PrevizCharacter, ...] = ()
    location: PrevizLocation = PrevizLocation()
    time_of_day: str = "noon"
    weather: str = "clear"
    season: str = "summer"
    lighting: str = "natural"
    mood: str = ""
    action: str = ""
    description: str = ""
    prop_in_focus: str = ""
    is_sheet: bool = False

    def normalised(self) -> "PrevizScene":
        """Return the scene with every vocabulary word in its known spelling."""
        size = known(self.shot_size, tuple(vocabulary.SIZES), "medium")
        return self.model_copy(
            update={
                "frame_role": known(self.frame_role, ("single", "start", "end"), "single"),
                "style": known(self.style, vocabulary.STYLES, "cinematic"),
                "shot_size": size,
                "coverage": known(self.coverage, vocabulary.COVERAGES, "single"),
                "angle": known(self.angle, vocabulary.ANGLES, "eye-level"),
                "facing": known(self.facing, vocabulary.FACINGS, ""),
                "movement": known(self.movement, vocabulary.MOVEMENTS, "static"),
                "composition": known(self.composition, vocabulary.COMPOSITIONS, "rule-of-thirds"),
                "time_of_day": known(self.time_of_day, vocabulary.TIMES, "noon"),
                "weather": known(self.weather, vocabulary.WEATHERS, "clear"),
                "season": known(self.season, vocabulary.SEASONS, "summer"),
                "lighting": known(self.lighting, vocabulary.LIGHTINGS, "natural"),
            }
        )
