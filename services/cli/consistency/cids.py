"""CIDS of a film (ViStoryBench, arXiv 2505.24862): how like their references, and each other, the cast's faces are.

Needs the extra `faces`. Frames drawn by code are left out: the network was trained on photographs.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.validation.domain.metrics.identity import cids_cross, cids_self, matched

Vectors = NDArray[np.float64]

_SIDE: Final = 1280


@dataclass(frozen=True, slots=True)
class FaceReader:
    """What finds faces: embeddings of all faces of a picture, (n, d), and how it is pinned in the manifest."""

    faces: Callable[[Image.Image], Vectors]
    measured_with: str


@dataclass(frozen=True, slots=True)
class CastFrame:
    """A keyframe with those who are to be seen in it."""

    code: str
    cast: tuple[str, ...]
    data: bytes


def installed() -> FaceReader:
    """The networks of dlib.

    Raises:
        ModuleNotFoundError: the extra isn't installed; the message names it.
    """
    from services.validation.adapters.scorers.faces import DlibFaces  # noqa: PLC0415 - loads 100 MB of weights

    scorer = DlibFaces()
    return FaceReader(scorer.faces, f"{scorer.name} {scorer.version}, {scorer.model}")


def measured(
    reader: FaceReader, frames: Sequence[CastFrame], references: Mapping[str, Sequence[bytes]]
) -> dict[str, Any]:
    """CIDS per character and of the film. Null where nothing could be measured.

    Per character: `cross` is the mean cosine of its faces to its references' faces, `self` of its faces to each other;
    `seen` counts the frames that are to show it, `found` those in which a face was matched with it. A back turned to
    the camera has no face, so a character that isn't found counts as not measured, not as 0.

    Args:
        reader: finds the faces.
        frames: the keyframes.
        references: encoded pictures by character; those that don't show exactly one face say nothing.
    """
    known = {name: _alone(reader, pictures) for name, pictures in references.items()}
    known = {name: vectors for name, vectors in known.items() if len(vectors)}
    crops: dict[str, list[NDArray[np.float64]]] = {}
    seen: dict[str, int] = {}
    for frame in frames:
        for name in frame.cast:
            seen[name] = seen.get(name, 0) + 1
        expected = {name: known[name] for name in frame.cast if name in known}
        faces = reader.faces(_picture(frame.data)) if expected else np.zeros((0, 0))
        for match in matched(faces, expected):
            crops.setdefault(match.character_id, []).append(faces[match.crop])
    found = {name: np.stack(vectors) for name, vectors in crops.items()}
    measurable = {name: known[name] for name in found}
    return {
        "measured_with": reader.measured_with,
        "cross": cids_cross(found, measurable),
        "self": cids_self(found),
        "characters": {
            name: {
                "cross": cids_cross({name: found[name]}, {name: known[name]}) if name in found else None,
                "self": cids_self({name: found[name]}) if name in found else None,
                "seen": count,
                "found": len(found.get(name, ())),
            }
            for name, count in sorted(seen.items())
        },
    }


def _alone(reader: FaceReader, pictures: Sequence[bytes]) -> Vectors:
    """The face of every picture that shows one only."""
    faces = [reader.faces(_picture(data)) for data in pictures]
    one = [vectors for vectors in faces if len(vectors) == 1]
    return np.vstack(one) if one else np.zeros((0, 0))


def _picture(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    image.thumbnail((_SIDE, _SIDE))
    return image
