"""Stray text and watermarks by PP-OCR (extra `text`, package rapidocr, which ships the models)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from schemas.validation import Outcome, Score
from services.validation.adapters.scorers.pictures import file_name, picture
from services.validation.domain.cases import Bound, Case, Need, valued

_SIDE: Final = 1280
_SURE: Final = 0.8
_LEAST_LETTERS: Final = 3
#: Share of the frame that stray text may take before it fails: the area of a usual watermark line.
_FAILS: Final = Bound(0.02, at_least=False)
#: Words that no scene asks for: those of picture agencies and of demo editions.
_MARKS: Final = re.compile(
    r"shutterstock|getty\s*images|istock|alamy|adobe\s*stock|dreamstime|depositphotos|123rf|watermark|©|\(c\)\s*20\d\d",
    re.IGNORECASE,
)
#: Words of a shot that ask for text in the picture.
_ASKED: Final = re.compile(
    r"\b(signs?|signboards?|neon|letters?|posters?|newspapers?|titles?|captions?|books?|labels?|banners?|screens?"
    r"|notes?|telegrams?|graffiti|billboards?|menus?|maps?|inscriptions?|plaques?|written|writing|reads)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text that was read: its share of the frame, 0 to 1."""

    text: str
    share: float


class StrayText:
    """`stray-text`: share of the frame under text that nobody asked for.

    A watermark always fails. Other text fails from a fiftieth of the frame, is warned about below that, and passes
    where the shot's own words ask for a sign, a letter or the like.

    Raises:
        ModuleNotFoundError: the extra isn't installed.
    """

    name: ClassVar[str] = "rapidocr"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("stray-text",)
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self) -> None:
        spec = find_spec("rapidocr")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError("rapidocr is not installed; allowed is the extra `text`")
        package: Any = import_module("rapidocr")
        self._read = package.RapidOCR(params={"Global.log_level": "error"})
        detector = sorted((Path(spec.origin).parent / "models").glob("*det*.onnx"))
        self._model = file_name(detector[0]) if detector else "PP-OCR"

    @property
    def model(self) -> str:
        """The detecting network."""
        return self._model

    def lines(self, data: bytes) -> tuple[Line, ...]:
        """Lines that were read for sure."""
        image = picture(data, _SIDE)
        # PP-OCR is trained on blue, green, red.
        answer = self._read(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
        if answer.boxes is None:
            return ()
        area = image.width * image.height
        told = zip(answer.boxes, answer.txts, answer.scores, strict=True)
        return tuple(
            Line(text, float(np.ptp(box[:, 0]) * np.ptp(box[:, 1])) / area)
            for box, text, sure in told
            if sure >= _SURE and sum(letter.isalnum() for letter in text) >= _LEAST_LETTERS
        )

    def score(self, case: Case) -> Sequence[Score]:
        """The share of all lines, and what they say."""
        lines = self.lines(case.data)
        share = sum(line.share for line in lines)
        bound = Bound(case.bounds.get("stray-text", _FAILS.value), at_least=False)
        said = ", ".join(f"“{line.text}”" for line in lines) or "no text"
        score = valued(self, "stray-text", share, bound, unit="share of the frame", detail=f"read: {said}")
        return (score.model_copy(update={"outcome": outcome_of(lines, share, case.words, bound)}),)


def outcome_of(lines: Sequence[Line], share: float, words: str, bound: Bound) -> Outcome:
    """What lines mean for a frame of which the shot says these words."""
    if any(_MARKS.search(line.text) for line in lines):
        return Outcome.FAILED
    if not lines or _ASKED.search(words):
        return Outcome.PASSED
    return Outcome.FAILED if share > bound.value else Outcome.WARNED
