"""Where each character of a frame stands, from the storyboard's blocking: for models that condition by region.

Two characters never share a region's adapters or references. Boxes overlap where people do: who is nearer to the camera
comes first. For masks and guide pictures call `guides_of`; both are pure, and the same job gives the same answer.
"""

from dataclasses import dataclass

from services.generation.providers.base import ImageJob
from services.generation.providers.previz.camera import Camera
from services.generation.providers.previz.drawing import blocked, guide_passes
from services.generation.providers.previz.figure import Standing
from services.generation.providers.previz.guides import GuidePasses
from services.generation.providers.previz.staging import head_box
from services.generation.providers.previz_scene import scene_of

#: Flesh and cloth around the joints, in heights of a head.
_PADDING = 0.45
#: Least side of a box in shares of the frame: a model's grid of latents has to hit it.
_LEAST = 0.04
_NEAREST_M = 0.05


@dataclass(frozen=True, slots=True)
class CharacterRegion:
    """One visible character's part of the frame, and what belongs to it alone.

    Attributes:
        character_id: entry in the bible; `ImageJob.cast` says what it looks like.
        left: left edge in shares of the frame's width, 0 to 1 from the left.
        top: upper edge in shares of the frame's height, 0 to 1 from the top.
        right: right edge, greater than `left`.
        bottom: lower edge, greater than `top`.
        references: places in `ImageJob.references` of the pictures that show it.
        lora_ids: ids in `ImageJob.loras` of its adapters.
    """

    character_id: str
    left: float
    top: float
    right: float
    bottom: float
    references: tuple[int, ...] = ()
    lora_ids: tuple[str, ...] = ()


def regions_of(job: ImageJob) -> tuple[CharacterRegion, ...]:
    """A region for every visible character, the nearest to the camera first; none where the frame shows nobody.

    Raises:
        pydantic.ValidationError: the facts make no scene.
    """
    staged = blocked(scene_of(job))
    nearest_first = sorted(staged.people, key=lambda person: staged.camera.depth(person.bones["head"]))
    return tuple(_region(job, staged.camera, person) for person in nearest_first)


def guides_of(job: ImageJob) -> GuidePasses:
    """Depth, pose, line art and a mask per visible character as PNG of the job's size, registered to its regions.

    CPU-bound, about half a second a frame: call it on a thread.

    Raises:
        pydantic.ValidationError: the facts make no scene.
        NoBackendError: no painting library loads.
    """
    return guide_passes(scene_of(job))


def _region(job: ImageJob, camera: Camera, person: Standing) -> CharacterRegion:
    character_id = person.actor.id
    left, top, right, bottom = _box(camera, person)
    across, down = _span(left, right, camera.width), _span(top, bottom, camera.height)
    adapters = {lora.lora_id for member in job.cast if member.character_id == character_id for lora in member.loras}
    return CharacterRegion(
        character_id=character_id,
        left=across[0],
        top=down[0],
        right=across[1],
        bottom=down[1],
        references=tuple(
            place
            for place, use in enumerate(job.references)
            if use.role == "character" and use.entity_id == character_id
        ),
        lora_ids=tuple(lora.lora_id for lora in job.loras if lora.lora_id in adapters),
    )


def _box(camera: Camera, person: Standing) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in pixels, beyond the frame where the person is."""
    left, top, right, bottom = head_box(camera, person)
    padding = _PADDING * (bottom - top)
    points = [camera.project(joint) for joint in person.bones.joints.values() if camera.depth(joint) > _NEAREST_M]
    across = [left, right, *(x for x, _ in points)]
    down = [top, bottom, *(y for _, y in points)]
    return min(across) - padding, min(down) - padding, max(across) + padding, max(down) + padding


def _span(least: float, most: float, side: int) -> tuple[float, float]:
    """Both ends in shares of the side, within the frame and never nearer than `_LEAST`."""
    start, end = max(0.0, min(1.0 - _LEAST, least / side)), max(_LEAST, min(1.0, most / side))
    return round(start, 4), round(max(end, start + _LEAST), 4)
