"""A character's identity as data: its reference set, what an identity network sees in it, and its adapters."""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from schemas.adapter import Adapter
from schemas.bible import Character, Lora, ReferenceImage
from schemas.ids import content_digest

Vectors = NDArray[np.float64]

_MAX_PIXELS: Final = 8192 * 8192
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_DIGITS: Final = 6


class IdentityEmbedder(Protocol):
    """A network that tells people apart, e.g. `DlibFaces` of services/validation (extra `faces`)."""

    @property
    def name(self) -> str:
        """What sees."""
        ...

    @property
    def model(self) -> str:
        """The network, by name and hash."""
        ...

    def faces(self, image: Image.Image) -> Vectors:
        """One vector per face found, (n, d)."""
        ...


@dataclass(frozen=True, slots=True)
class _Look:
    """One reference: where or what it is, and the vector of its face, or why there is none."""

    told: dict[str, Any]
    vector: NDArray[np.float64] | None = None
    reason: str | None = None


def character_embedding(
    character: Character,
    pictures: Iterable[str | bytes] = (),
    *,
    adapters: Sequence[Adapter] = (),
    embedder: IdentityEmbedder | None = None,
    seen: Mapping[str, bytes] | None = None,
) -> dict[str, Any]:
    """What holds a character's identity, as JSON values.

    Args:
        character: entry of the bible; its own references come first.
        pictures: more references: addresses, or the bytes of PNG, JPEG or WebP pictures.
        adapters: of the registry, trained on the character.
        embedder: sees who is in a picture; None = no vector, and the answer says so.
        seen: bytes of the entry's own references, by address, where the caller has them.
    """
    looks = [
        *(
            _look_at(item.model_dump(mode="json"), (seen or {}).get(item.uri), embedder)
            for item in character.reference_images
        ),
        *(_look(item, embedder) for item in pictures),
    ]
    loras = tuple(_entry(adapter) for adapter in adapters)
    known = {item.uri for item in character.reference_images}
    added = [item for item in pictures if isinstance(item, str) and item not in known]
    equipped = character.model_copy(
        update={
            "reference_images": (*character.reference_images, *(ReferenceImage(uri=item) for item in added)),
            "loras": (
                *(item for item in character.loras if item.lora_id not in {one.lora_id for one in loras}),
                *loras,
            ),
        }
    )
    identity = _identity(looks, embedder)
    basis = [[look.told for look in looks], identity["model"], [item.model_dump(mode="json") for item in loras]]
    return {
        "embedding_id": f"emb_{character.id}_{content_digest(basis)[:12]}",
        "character_id": character.id,
        "status": "ready" if identity["vector"] is not None or loras else "references-only",
        "references": [{**look.told, "used": look.vector is not None, "reason": look.reason} for look in looks],
        "identity": identity,
        "adapters": [item.model_dump(mode="json") for item in loras],
        "character": equipped.model_dump(mode="json"),
    }


def _look(item: str | bytes, embedder: IdentityEmbedder | None) -> _Look:
    if isinstance(item, str):
        return _Look({"uri": item}, None, "only its address is known here")
    return _look_at({"sha256": hashlib.sha256(item).hexdigest()}, item, embedder)


def _look_at(told: dict[str, Any], data: bytes | None, embedder: IdentityEmbedder | None) -> _Look:
    if data is None:
        return _Look(told, None, "only its address is known here")
    image = _decoded(data)
    if image is None:
        return _Look(told, None, "no PNG, JPEG or WebP picture, or too large")
    if embedder is None:
        return _Look(told, None, "no identity scorer is installed")
    faces = embedder.faces(image)
    if len(faces) != 1:
        return _Look(told, None, f"{len(faces)} faces are seen in it; one is needed")
    return _Look(told, _unit(faces[0]))


def _decoded(data: bytes) -> Image.Image | None:
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if image.width * image.height > _MAX_PIXELS:
            return None
        return ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _identity(looks: Sequence[_Look], embedder: IdentityEmbedder | None) -> dict[str, Any]:
    """The mean direction of all faces, and how much the worst of them is like the others' mean; null with a reason."""
    vectors = [look.vector for look in looks if look.vector is not None]
    if embedder is None or not vectors:
        reason = "no identity scorer is installed" if embedder is None else "no picture shows one face"
        return {"vector": None, "cohesion": None, "scorer": None, "model": None, "pictures": 0, "reason": reason}
    total = np.sum(vectors, axis=0)
    rest = [float(vector @ _unit(total - vector)) for vector in vectors] if len(vectors) > 1 else []
    return {
        "vector": [round(float(value), _DIGITS) for value in _unit(total)],
        "cohesion": round(min(rest), _DIGITS) if rest else None,
        "scorer": embedder.name,
        "model": embedder.model,
        "pictures": len(vectors),
        "reason": None if rest else "one picture: how alike several are isn't known",
    }


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _entry(adapter: Adapter) -> Lora:
    return Lora(
        lora_id=adapter.adapter_id,
        scale=adapter.scale,
        trigger_words=adapter.trigger_words,
        base_model=adapter.base_model,
        kind=adapter.kind,
        uri=adapter.uri,
        sha256=adapter.sha256,
    )
