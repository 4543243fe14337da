"""Identity by faces, with dlib's networks (extra `faces`): who is who, how many, and whether a face was pasted.

The embedding is D. King's ResNet (dlib.net, 2017): faces of one person lie within a distance of 0.6 of each other,
99.38 % right on Labeled Faces in the Wild. Its vectors are about 1.39 long, so that distance is a cosine of 0.907.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from schemas.validation import Score
from services.validation.adapters.scorers.pictures import file_name, picture
from services.validation.domain.cases import Bound, Case, Need, Role, null, valued
from services.validation.domain.metrics.identity import Match, copied, count_match, matched
from services.validation.domain.metrics.similarity import cosines

Vectors = NDArray[np.float64]

_SIDE: Final = 1280
#: Pictures up to this side are doubled before faces are looked for: the detector finds none below 80 pixels.
_SMALL: Final = 900
_NETWORK: Final = "dlib_face_recognition_resnet_model_v1.dat"
_LANDMARKS: Final = "shape_predictor_5_face_landmarks.dat"
_SAME: Final = Bound(0.907)
_PASTED: Final = Bound(0.9, at_least=False)
#: Likeness to the reference that a paste has: another photograph of the same person stays below.
_PASTE_LIKE: Final = 0.995
_COUNT: Final = Bound(100.0, warns=True)


class DlibFaces:
    """`identity`, one score per expected character; `cast-count`; `copy-paste`, one per character found.

    Raises:
        ModuleNotFoundError: the extra isn't installed.
    """

    name: ClassVar[str] = "dlib-faces"
    version: ClassVar[str] = "1"
    checks: ClassVar[tuple[str, ...]] = ("identity", "cast-count", "copy-paste")
    needs: ClassVar[frozenset[Need]] = frozenset()
    """None: faces are counted in a shot that expects nobody, or whose cast has no references, too."""

    def __init__(self) -> None:
        folder = _models()
        dlib: Any = import_module("dlib")
        self._find = dlib.get_frontal_face_detector()
        self._marks = dlib.shape_predictor(str(folder / _LANDMARKS))
        self._network = dlib.face_recognition_model_v1(str(folder / _NETWORK))
        self._model = file_name(folder / _NETWORK)

    @property
    def model(self) -> str:
        """The embedding network."""
        return self._model

    def faces(self, image: Image.Image) -> Vectors:
        """Embeddings of every face found, (n, 128)."""
        pixels = np.ascontiguousarray(np.asarray(image, dtype=np.uint8))
        found = self._find(pixels, int(max(image.size) <= _SMALL))
        vectors = [np.array(self._network.compute_face_descriptor(pixels, self._marks(pixels, box))) for box in found]
        return np.stack(vectors).astype(np.float64) if vectors else np.zeros((0, 128))

    def score(self, case: Case) -> Sequence[Score]:
        """Match the frame's faces with the references."""
        faces = self.faces(picture(case.data, _SIDE))
        pictures = {item: picture(item.data, _SIDE) for item in case.of(Role.CHARACTER)}
        known = {item: self.faces(image) for item, image in pictures.items()}
        references: dict[str, Vectors] = {}
        for item, vectors in known.items():
            # A picture of several faces doesn't say which is the character's.
            if len(vectors) == 1:
                references[item.entity_id] = np.vstack([references.get(item.entity_id, np.zeros((0, 128))), vectors])
        mirrored: dict[str, Vectors] = {}
        for item, image in pictures.items():
            turned = self.faces(ImageOps.mirror(image)) if len(known[item]) == 1 else ()
            if len(turned) == 1:
                mirrored[item.entity_id] = np.vstack([mirrored.get(item.entity_id, np.zeros((0, 128))), turned])
        matches = {item.character_id: item for item in matched(faces, references)}
        named = [self._identity(case, who, references, matches, len(faces)) for who in case.cast]
        pasted = [self._copied(case, match, faces, references, mirrored) for match in matches.values()]
        return (
            *(named or [null(self, "identity", "nobody is to be seen")]),
            self._count(case, len(faces)),
            *(pasted or [null(self, "copy-paste", "no face of the frame was matched with a reference")]),
        )

    def _identity(
        self,
        case: Case,
        who: tuple[str, str],
        references: Mapping[str, Vectors],
        matches: Mapping[str, Match],
        seen: int,
    ) -> Score:
        character_id, name = who
        if character_id not in references:
            return null(self, "identity", f"no reference of {name} shows one face", character_id)
        match = matches.get(character_id)
        if match is None:
            # Turned away or far off is no fault: no face is no wrong face.
            return null(self, "identity", f"{seen} face(s) in the frame, none left for {name}", character_id)
        bound = Bound(case.bounds.get("identity", _SAME.value))
        detail = f"{name}'s face is {match.similarity:.3f} like the references; one person is {bound.value:g} and more"
        return valued(self, "identity", match.similarity, bound, unit="cosine", detail=detail, entity_id=character_id)

    def _count(self, case: Case, seen: int) -> Score:
        """A warning: backs and distant people have no face that is found."""
        expected = len(case.cast)
        bound = Bound(case.bounds.get("cast-count", _COUNT.value), warns=True)
        detail = f"{seen} face(s) found, {expected} character(s) expected"
        return valued(
            self, "cast-count", count_match(seen, expected), bound, unit="on-stage count match, 0-100", detail=detail
        )

    def _copied(
        self,
        case: Case,
        match: Match,
        faces: Vectors,
        references: Mapping[str, Vectors],
        mirrored: Mapping[str, Vectors],
    ) -> Score:
        if match.character_id not in mirrored:
            return null(self, "copy-paste", "the mirrored reference shows no face", match.character_id)
        crop = faces[match.crop][None]
        straight = float(cosines(crop, references[match.character_id]).max())
        turned = float(cosines(crop, mirrored[match.character_id]).max())
        value = copied(straight, turned)
        # dlib hardly tells a face from its mirror image: either way round counts, and an all but equal face is a paste.
        value = 1.0 if max(straight, turned) >= _PASTE_LIKE else max(value, 1.0 - value)
        bound = Bound(case.bounds.get("copy-paste", _PASTED.value), at_least=False)
        detail = f"{straight:.4f} like the reference, {turned:.4f} like its mirror image; 0.5 is no copying"
        return valued(
            self, "copy-paste", value, bound, unit="softmax at 0.01", detail=detail, entity_id=match.character_id
        )


def _models() -> Path:
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("face_recognition_models is not installed; allowed is the extra `faces`")
    # Not imported: its __init__ needs pkg_resources, which setuptools no longer has.
    return Path(spec.origin).parent / "models"
