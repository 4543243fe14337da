"""How well a picture shows the words of its shot, by a CLIP of the operator's own as two ONNX files.

CLIPScore is 2.5 · max(cos, 0) of the two vectors (J. Hessel et al., EMNLP 2021, arXiv 2104.08718). No bound ships: it
ranks frames of one film, and what is good depends on the network and on how long the words are.
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from schemas.validation import Score
from services.validation.adapters.scorers.onnx_models import EmbedderSettings, OnnxEmbedder, session
from services.validation.adapters.scorers.pictures import file_name, picture
from services.validation.domain.cases import Bound, Case, Need, null, valued
from services.validation.domain.metrics.similarity import cosines

_SIDE: Final = 1024
_SCALE: Final = 2.5
_VECTORS: Final = 2


class WordsSettings(BaseModel):
    """The two networks of a CLIP, and what cuts words into its tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: EmbedderSettings
    """The network for pictures, projected: its vectors compare with those of words. CLIP takes the mean
    `[0.4815, 0.4578, 0.4082]` and the deviation `[0.2686, 0.2613, 0.2758]`."""
    words: Path
    """The ONNX file of the network for words: `input_ids` (1, length), maybe `attention_mask`; an output (1, d)."""
    tokenizer: Path
    """The `tokenizer.json` that belongs to it."""
    length: int = Field(default=77, ge=4, le=4096)
    """Tokens that it takes; longer words are cut off at the end, and the score says so."""


class ClipWords:
    """`clip-score`: 0 to 2.5; held to a bound only where the project's bounds name one.

    Raises:
        ModuleNotFoundError: the extra isn't installed.
        FileNotFoundError: a file isn't there.
    """

    name: ClassVar[str] = "clip-score"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("clip-score",)
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self, settings: WordsSettings) -> None:
        if find_spec("tokenizers") is None:
            raise ModuleNotFoundError("tokenizers is not installed; allowed is the extra `onnx`")
        for path in (settings.words, settings.tokenizer):
            if not path.is_file():
                raise FileNotFoundError(f"path: {path}; allowed is a file of a CLIP")
        self._pictures = OnnxEmbedder(settings.picture)
        self._words = session(settings.words)
        self._tokenizer: Any = import_module("tokenizers").Tokenizer.from_file(str(settings.tokenizer))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._settings = settings
        self._model = f"{self._pictures.model}, {file_name(settings.words)}"

    @property
    def model(self) -> str:
        """Both networks."""
        return self._model

    def score(self, case: Case) -> Sequence[Score]:
        """The score; null where the shot has no words."""
        words = case.words.strip()
        if not words:
            return (null(self, "clip-score", "the shot has no words"),)
        vector, left_out = self._embedded(words)
        value = _SCALE * max(0.0, float(cosines(self._pictures.embed(picture(case.data, _SIDE)), vector)[0, 0]))
        detail = f"{value:.3f} of {_SCALE} like the shot's words"
        detail += f"; their last {left_out} tokens are more than the network takes" if left_out else ""
        bound = case.bounds.get("clip-score")
        score = valued(
            self, "clip-score", value, Bound(0.0 if bound is None else bound), unit="CLIPScore, 0-2.5", detail=detail
        )
        return (score if bound is not None else score.model_copy(update={"threshold": None}),)

    def _embedded(self, words: str) -> tuple[NDArray[np.float64], int]:
        """The vector of the words, (1, d), and how many tokens were left out."""
        ids, length = list(self._tokenizer.encode(words).ids), self._settings.length
        # The last token ends the words, and CLIP reads its answer there: it stays.
        left_out = max(0, len(ids) - length)
        kept = [*ids[: length - 1], ids[-1]] if left_out else ids
        pad = self._tokenizer.token_to_id("<|endoftext|>") or 0
        padded = np.array([kept + [pad] * (length - len(kept))], dtype=np.int64)
        mask = (np.arange(length) < len(kept)).astype(np.int64)[None]
        given = {"input_ids": padded, "attention_mask": mask}
        taken = {item.name: given[item.name] for item in self._words.get_inputs()}
        found: NDArray[np.float64] = np.asarray(self._words.run(None, taken)[0], dtype=np.float64)
        if found.ndim != _VECTORS or len(found) != 1:
            raise ValueError(f"{self._settings.words.name}: answers with shape {found.shape}; allowed is (1, d)")
        return found, left_out
