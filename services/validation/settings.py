"""Settings of validation, beside those of every service, and where each bound comes from.

"Measured" means: over the frames of the previz provider at every time of day, weather, lighting and style; the check
in tests/integration keeps it so. Pictures of trained models are richer in detail and lie further from the bounds.
"""

import os
from typing import Self

from pydantic import Field, SecretStr, model_validator

from services.chassis.settings import ServiceSettings
from services.validation.adapters.scorers.catalogue import ScorerName, ScorerSettings
from services.validation.adapters.scorers.clip_words import WordsSettings
from services.validation.adapters.scorers.onnx_models import EmbedderSettings
from services.validation.adapters.vlm_judge import JudgeSettings, checked_url
from services.validation.domain.duplicates import MOST_BITS
from services.validation.domain.frame import Limits
from services.validation.domain.thresholds import STYLES, StyleBounds, Thresholds

_DEFAULTS = Thresholds()


class ValidationSettings(ServiceSettings):
    """Environment variables with the prefix `ICE_`."""

    validation_slots: int = Field(default=8, ge=1, le=1000)
    """Frames in work at once."""
    validation_ahead: int = Field(default=56, ge=0, le=1000)
    """Messages taken beside those in work, so that express ones among them go first."""
    validation_threads: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=64)
    """Threads that decode and measure."""
    validation_drain_s: float = Field(default=10.0, ge=0, le=600)
    """Seconds that running checks get to finish when the service stops or loses partitions."""
    validation_max_image_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """Largest file that is read; what generation accepts."""
    validation_max_pixels: int = Field(default=8192 * 8192, ge=64 * 64, le=8192 * 8192)
    """Largest picture that is decoded: the largest that a shot may ask for."""
    validation_aspect: float = Field(default=_DEFAULTS.aspect, ge=0, le=1)
    """Relative deviation of the aspect ratio; 0.001 is one pixel in a thousand, which no eye sees."""
    validation_blank_deviation: float = Field(default=_DEFAULTS.blank_deviation, ge=0, le=128)
    """Least standard deviation of luma, of 255. Measured: an empty close-up in the mist still has 2; a flat picture
    with noise of one level has less than 1."""
    validation_blank_entropy: float = Field(default=_DEFAULTS.blank_entropy, ge=0, le=8)
    """Least entropy of luma in bits; one flat colour has 0, two colours at most 1, noise of
    one level hardly more."""
    validation_clip_warn: float = Field(default=_DEFAULTS.clip_warn, gt=0, le=1)
    """Share of black (luma 5 and less) or white (250 and more) pixels that is worth a word: low key and high key are
    styles, so most of the frame must be gone."""
    validation_clip_fail: float = Field(default=_DEFAULTS.clip_fail, gt=0, le=1)
    """Share from which nothing can be seen: less than one pixel in fifty carries the picture."""
    validation_luma_low: float = Field(default=_DEFAULTS.luma_low, ge=0, le=255)
    """Mean luma below which is warned: 16 of 255, black of limited-range video (ITU-R BT.709)."""
    validation_luma_high: float = Field(default=_DEFAULTS.luma_high, ge=0, le=255)
    """Mean luma above which is warned: as far from white as the lower bound from black."""
    validation_sharp_warn: float = Field(default=_DEFAULTS.sharp_warn, ge=0)
    """Variance of the Laplacian at 1024 pixels a side. 100 is a common bound for photographs; drawings have flat areas,
    and the plainest (empty, in fog, at 4K) was measured at 0.8, one in a hundred below 8."""
    validation_sharp_fail: float = Field(default=_DEFAULTS.sharp_fail, ge=0)
    """Variance below which no edge is left at all: a gradient of a few 8-bit steps makes no more."""
    validation_border: float = Field(default=_DEFAULTS.border, gt=0, le=1)
    """Share of a side that two opposite bars must take to be called a border: 2 %, a line of a few pixels is none."""
    validation_banding: float = Field(default=_DEFAULTS.banding, gt=0, le=1)
    """Share of pixels on a false contour from which is warned. Measured: at most 0.0001 on both films' 55 frames,
    0.0015 as JPEG of quality 85; smooth copies with 12 or 24 levels a channel have 0.002 to 0.04."""
    validation_palette: float = Field(default=_DEFAULTS.palette, gt=0, le=1)
    """Distance from the plate's palette in a wide shot from which is warned, Oklab; medium shots are allowed twice as
    much. Measured: wide frames of the films are up to 0.018 from a plate of the same time and light."""
    validation_attire: float = Field(default=_DEFAULTS.attire, gt=0, le=1)
    """Share of the frame that a colour worn takes at least in a medium shot; wide shots a third of it, extreme wide
    ones a thirteenth. Measured: 0.6 times the least of the films' frames."""
    validation_attire_lost: float = Field(default=_DEFAULTS.attire_lost, ge=0, le=1)
    """Part of that share below which a colour is not seen at all; a character none of whose colours is seen fails the
    frame. 0 = only warn."""
    validation_styles: dict[str, StyleBounds] = Field(default_factory=dict)
    """Bounds of styles, as JSON, beside and instead of those that ship (`domain/thresholds.py`), e.g.
    `{"sepia": {"colour": false}}`."""
    validation_plates_kept: int = Field(default=256, ge=1, le=100_000)
    """Reference pictures of which a process keeps the colours and a small copy in memory; one takes about 75 kB."""
    validation_duplicate_bits: int = Field(default=_DEFAULTS.duplicate_bits, ge=0, le=MOST_BITS)
    """Differing bits, of 288, up to which two frames look the same: 3 %, in proportion to the 2 of 64 that is common
    for the 64-bit hash."""
    validation_duplicate_colour: float = Field(default=_DEFAULTS.duplicate_colour, ge=0, le=255)
    """Difference of mean red, green or blue, of 255, up to which two frames look the same."""

    validation_unexplained: float = Field(default=_DEFAULTS.unexplained, gt=0, le=1)
    """Largest share of a frame in solid patches of colours that neither its plates nor its cast's pictures have.
    Measured on 280 clean previz frames: at most 0.00105; a stranger makes 0.008 and more in 7 of 10 shots, hair of
    another colour 0.002 and more in 3 of 10."""
    validation_pasted: float = Field(default=_DEFAULTS.pasted, gt=0, le=1)
    """Correlation with the middle of a reference from which a part of the frame was pasted. Measured: at most 0.872 on
    previz frames of the same people, 0.86 to 0.98 on pastes of all sizes."""
    validation_drawing_providers: frozenset[str] = frozenset({"previz"})
    """Providers whose frames fail on unexplained and missing colours and on pasted references; frames of the others, on
    which the bounds have not been measured, are warned about."""
    validation_scorers: tuple[ScorerName, ...] = ()
    """Measures by trained models: `faces`, `likeness`, `safety`, `text`, `words`; each needs the extra of its name,
    `likeness` and `words` the extra `onnx`."""
    validation_likeness: EmbedderSettings | None = None
    """The network of `likeness`, as JSON, e.g. `{"path": "/models/dinov2.onnx"}`."""
    validation_words: WordsSettings | None = None
    """The CLIP of `words`, as JSON, e.g. `{"picture": {"path": "/models/clip-vision.onnx"}, "words":
    "/models/clip-text.onnx", "tokenizer": "/models/tokenizer.json"}`."""
    validation_scoring_processes: int = Field(default=1, ge=1, le=64)
    """Processes that hold those models; each has its own copy."""
    validation_scoring_s: float = Field(default=120.0, gt=0, le=3600)
    """Longest that they may take for a frame."""
    validation_bounds: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Bounds of measured checks, as JSON, by scope: `*`, `style:<style>`, `project:<id>` or both with `/` between; e.g.
    `{"style:anime": {"identity": 0.6}}`. `ice calibrate` prints such."""
    validation_judge_url: str = Field(default="", max_length=500)
    """Base URL of a vision-language judge that speaks OpenAI's chat completions; empty = none is asked."""
    validation_judge_model: str = Field(default="", max_length=200)
    """Its name there."""
    validation_judge_key: SecretStr | None = None
    """Its key."""
    validation_judge_calls: int = Field(default=1000, ge=0)
    """Calls to it that a project may make in all: what it may cost is this times the price of a call."""

    @model_validator(mode="after")
    def _scorers_can_be_made(self) -> Self:
        if ScorerName.LIKENESS in self.validation_scorers and self.validation_likeness is None:
            raise ValueError("ICE_VALIDATION_LIKENESS: not set; scorer `likeness` needs the path of an ONNX file in it")
        if ScorerName.WORDS in self.validation_scorers and self.validation_words is None:
            raise ValueError("ICE_VALIDATION_WORDS: not set; scorer `words` needs the paths of a CLIP in it")
        if self.validation_judge_url:
            checked_url(self.validation_judge_url)
            if not self.validation_judge_model:
                raise ValueError("ICE_VALIDATION_JUDGE_MODEL: empty; allowed is the judge's name at its endpoint")
        return self

    @property
    def scorers(self) -> ScorerSettings:
        """What the scoring processes hold."""
        return ScorerSettings(
            names=self.validation_scorers, likeness=self.validation_likeness, words=self.validation_words
        )

    @property
    def judge(self) -> JudgeSettings | None:
        """The judge that is asked; None = nobody."""
        if not self.validation_judge_url:
            return None
        return JudgeSettings(self.validation_judge_url, self.validation_judge_model, self.validation_judge_key)

    @property
    def thresholds(self) -> Thresholds:
        """The bounds as the checks take them."""
        return Thresholds(
            aspect=self.validation_aspect,
            blank_deviation=self.validation_blank_deviation,
            blank_entropy=self.validation_blank_entropy,
            clip_warn=self.validation_clip_warn,
            clip_fail=self.validation_clip_fail,
            luma_low=self.validation_luma_low,
            luma_high=self.validation_luma_high,
            sharp_warn=self.validation_sharp_warn,
            sharp_fail=self.validation_sharp_fail,
            border=self.validation_border,
            banding=self.validation_banding,
            palette=self.validation_palette,
            attire=self.validation_attire,
            attire_lost=self.validation_attire_lost,
            unexplained=self.validation_unexplained,
            pasted=self.validation_pasted,
            styles={**STYLES, **self.validation_styles},
            duplicate_bits=self.validation_duplicate_bits,
            duplicate_colour=self.validation_duplicate_colour,
        )

    @property
    def limits(self) -> Limits:
        """What is read at all."""
        return Limits(self.validation_max_image_bytes, self.validation_max_pixels)
