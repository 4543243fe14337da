"""What reference pictures look like, read from the object store once and kept in memory."""

from collections import OrderedDict
from functools import partial

from schemas.bible import ReferenceImage
from services.chassis.failures import ObjectMissing, ObjectTooLarge
from services.chassis.object_store import ObjectStore
from services.validation.domain.frame import Limits, Wanted, decoded
from services.validation.domain.intent import Plate
from services.validation.domain.palette import palette_of
from services.validation.domain.references import sight_of
from services.validation.ports import Offload


class StoredPlates:
    """Plates and pictures of the cast in our own bucket; what is kept is bounded, the least used goes first.

    Args:
        kept: pictures of which colours and a small copy are kept.
    """

    def __init__(self, objects: ObjectStore, offload: Offload, limits: Limits, kept: int) -> None:
        self._objects = objects
        self._offload = offload
        self._limits = limits
        self._kept = kept
        self._known: OrderedDict[tuple[str, str | None], Plate] = OrderedDict()

    async def look_at(self, image: ReferenceImage) -> Plate:
        """What the picture shows, or why nothing: one that can't be read is no fault of the frame.

        Raises:
            Transient: the store is away.
        """
        key = (image.uri, image.sha256)
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        try:
            data = await self._objects.get(image.uri, self._limits.max_bytes)
        except (ObjectMissing, ObjectTooLarge, ValueError) as error:
            # Not kept: it may be stored yet.
            return Plate(problem=f"the plate can't be read: {error}"[:500])
        plate = await self._offload.run(partial(_seen, data, self._limits))
        self._known[key] = plate
        if len(self._known) > self._kept:
            self._known.popitem(last=False)
        return plate


def _seen(data: bytes, limits: Limits) -> Plate:
    frame = decoded(data, Wanted(1, 1, "", len(data)), limits)
    if frame.picture is None:
        return Plate(problem=f"the plate can't be decoded: {frame.problem}")
    return Plate(palette_of(frame.picture.colours), "", sight_of(frame.picture))
