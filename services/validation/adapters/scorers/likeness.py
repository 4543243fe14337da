"""Likeness to references by embeddings: of characters of any style, of places, and of style."""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageOps

from schemas.validation import Score
from services.validation.adapters.scorers.onnx_models import EmbedderSettings, OnnxEmbedder
from services.validation.adapters.scorers.pictures import picture
from services.validation.domain.cases import Bound, Case, Need, Role, null, valued
from services.validation.domain.metrics.film import FIDELITY_GATE, gram
from services.validation.domain.metrics.identity import copied
from services.validation.domain.metrics.similarity import cosines

_SIDE: Final = 1024
_PASTED: Final = Bound(0.9, at_least=False)
#: EntityBench's fidelity gate (arXiv 2605.15199), for a place and for somebody who isn't a photograph.
_LIKE: Final = FIDELITY_GATE


class Likeness:
    """`location`, `identity`, `style` and `copy-paste` by one network for pictures of any kind (DINOv2, CLIP).

    Identity is measured where one character is to be seen: without a detector nobody knows whose crop is whose, and
    an invented box would be an invented score. Style only warns.
    """

    name: ClassVar[str] = "onnx-likeness"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("identity", "copy-paste", "location", "style")
    needs: ClassVar[frozenset[Need]] = frozenset()

    def __init__(self, settings: EmbedderSettings) -> None:
        self._embedder = OnnxEmbedder(settings)

    @property
    def model(self) -> str:
        """The network."""
        return self._embedder.model

    def score(self, case: Case) -> Sequence[Score]:
        """The best cosine to the references of each kind."""
        image = picture(case.data, _SIDE)
        own = self._embedder.embed(image)
        return (*self._who(case, own), self._place(case, own), self._style(case))

    def _who(self, case: Case, own: NDArray[np.float64]) -> tuple[Score, ...]:
        pictures = [picture(item.data, _SIDE) for item in case.of(Role.CHARACTER)]
        if len(case.cast) != 1 or not pictures:
            why = f"{len(case.cast)} characters are to be seen, {len(pictures)} reference(s); one of each is needed"
            return tuple(null(self, check, why) for check in ("identity", "copy-paste"))
        character_id, name = case.cast[0]
        straight = float(cosines(own, np.vstack([self._embedder.embed(item) for item in pictures])).max())
        mirrored = np.vstack([self._embedder.embed(ImageOps.mirror(item)) for item in pictures])
        turned = float(cosines(own, mirrored).max())
        bound = Bound(case.bounds.get("identity", _LIKE))
        identity = valued(
            self,
            "identity",
            straight,
            bound,
            unit="cosine",
            detail=f"{straight:.3f} like the references of {name}",
            entity_id=character_id,
        )
        pasted = valued(
            self,
            "copy-paste",
            copied(straight, turned),
            Bound(case.bounds.get("copy-paste", _PASTED.value), at_least=False),
            unit="softmax at 0.01",
            detail=f"{straight:.4f} like the reference, {turned:.4f} like its mirror image; 0.5 is no copying",
            entity_id=character_id,
        )
        return identity, pasted

    def _place(self, case: Case, own: NDArray[np.float64]) -> Score:
        plates = case.of(Role.LOCATION)
        if not plates:
            return null(self, "location", "there is no plate of the location in this light")
        vectors = np.vstack([self._embedder.embed(picture(item.data, _SIDE)) for item in plates])
        value = float(cosines(own, vectors).max())
        bound = Bound(case.bounds.get("location", _LIKE))
        detail = f"{value:.3f} like the plate; {bound.value:g} is the least of an appearance that counts"
        return valued(self, "location", value, bound, unit="cosine", detail=detail, entity_id=plates[0].entity_id)

    def _style(self, case: Case) -> Score:
        own = self._embedder.places(picture(case.data, _SIDE))
        references = case.of(Role.CHARACTER) or case.of(Role.LOCATION)
        if own is None or not references:
            why = "there is no reference to compare with" if own is not None else "the network has no local features"
            return null(self, "style", why)
        other = self._embedder.places(picture(references[0].data, _SIDE))
        value = float(cosines(gram(own)[None], gram(other if other is not None else own)[None])[0, 0])
        bound = Bound(case.bounds.get("style", _LIKE), warns=True)
        return valued(
            self, "style", value, bound, unit="Gram cosine", detail=f"{value:.3f} like the first reference's style"
        )
