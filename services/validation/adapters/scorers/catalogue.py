"""Which scorers there are, by name, and what makes them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from services.validation.adapters.scorers.clip_words import WordsSettings
from services.validation.adapters.scorers.onnx_models import EmbedderSettings
from services.validation.domain.cases import CaseScorer


class ScorerName(StrEnum):
    """What may be asked for in ICE_VALIDATION_SCORERS."""

    FACES = "faces"
    LIKENESS = "likeness"
    SAFETY = "safety"
    TEXT = "text"
    WORDS = "words"


class ScorerSettings(BaseModel):
    """What is asked for. Sent to the scoring process as it is."""

    model_config = ConfigDict(frozen=True)

    names: tuple[ScorerName, ...] = ()
    likeness: EmbedderSettings | None = None
    words: WordsSettings | None = None


def made(settings: ScorerSettings) -> tuple[CaseScorer, ...]:
    """The scorers asked for; loads their models.

    Raises:
        ModuleNotFoundError: an extra isn't installed.
        ValueError: a scorer's settings are missing.
    """
    return tuple(_MAKERS[name](settings) for name in dict.fromkeys(settings.names))


# Imported when they are made, so that nobody pays for what he hasn't asked for.
def _faces(_: ScorerSettings) -> CaseScorer:
    from services.validation.adapters.scorers.faces import DlibFaces  # noqa: PLC0415

    return DlibFaces()


def _likeness(settings: ScorerSettings) -> CaseScorer:
    from services.validation.adapters.scorers.likeness import Likeness  # noqa: PLC0415

    if settings.likeness is None:
        raise ValueError("ICE_VALIDATION_LIKENESS: not set; scorer `likeness` needs the path of an ONNX file in it")
    return Likeness(settings.likeness)


def _safety(_: ScorerSettings) -> CaseScorer:
    from services.validation.adapters.scorers.safety import OpenNsfw  # noqa: PLC0415

    return OpenNsfw()


def _text(_: ScorerSettings) -> CaseScorer:
    from services.validation.adapters.scorers.stray_text import StrayText  # noqa: PLC0415

    return StrayText()


def _words(settings: ScorerSettings) -> CaseScorer:
    from services.validation.adapters.scorers.clip_words import ClipWords  # noqa: PLC0415

    if settings.words is None:
        raise ValueError("ICE_VALIDATION_WORDS: not set; scorer `words` needs the paths of a CLIP in it")
    return ClipWords(settings.words)


_MAKERS: Final[Mapping[ScorerName, Callable[[ScorerSettings], CaseScorer]]] = {
    ScorerName.FACES: _faces,
    ScorerName.LIKENESS: _likeness,
    ScorerName.SAFETY: _safety,
    ScorerName.TEXT: _text,
    ScorerName.WORDS: _words,
}
