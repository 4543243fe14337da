"""From a job of the engine to an order for the painter. Pure: what was read and drawn for it comes as arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from schemas.bible import Lora
from schemas.conditioning import Degradation
from schemas.generation import ReferenceUse
from schemas.project import CompositionGuide
from services.generation.providers.base import ImageJob
from services.generation.providers.diffusers import sizing
from services.generation.providers.diffusers.diffusers_settings import LocalModel
from services.generation.providers.diffusers.orders import Adapter, Order, Picture, Start, Where
from services.generation.providers.sizes import SizeList
from services.generation.providers.vendor import INIT, ModelTraits, Reference, ReferenceLimits, VendorJob

#: Roles of references that the picture begins with, and of the mask that says where it is painted anew.
BEGINS: Final = frozenset({INIT, "composition"})
REPAINTS: Final = "mask"
#: Where each kind of reference speaks about, and how hard it is held to where nobody says.
_HEARD: Final[Mapping[str, tuple[Where, float]]] = MappingProxyType(
    {
        "character": (Where.OWNER, 0.6),
        "location": (Where.AROUND, 0.5),
        "continuity": (Where.EVERYWHERE, 0.35),
        "prop": (Where.EVERYWHERE, 0.25),
    }
)
_OTHERS: Final = (Where.EVERYWHERE, 0.35)
_DENOISE: Final = 0.6
_LEAST_DENOISE: Final = 0.05
_SIDE: Final = 1024
_PROMPT_CHARS: Final = 4000
_GUIDE: Final = "previz frame as composition guide"


def traits_of(model: LocalModel, family: str) -> ModelTraits:
    """What a local model takes; what it lacks (an IP-Adapter) is left out and listed by `fitting`."""
    sizes = model.sizes or (sizing.SDXL if family == "sdxl" else sizing.SD15)
    limits = ReferenceLimits(most=model.references, max_side=_SIDE, strength=True)
    return ModelTraits(
        sizes=SizeList(tuple(sizes)),
        prompt_max_chars=_PROMPT_CHARS,
        price_usd_micros=0,
        seeds=(0, 4_294_967_295),
        negative_prompt=True,
        references=limits if model.ip_adapter is not None and model.references else None,
        loras=model.adapters,
        lora_base=family,
        steps=(1, 200),
        cfg_scale=(0.0, 30.0),
    )


@dataclass(frozen=True, slots=True)
class Split:
    """A job's references by what they are for.

    Attributes:
        job: with those alone that show what something looks like.
        start: to begin with; None = noise.
        repaint: mask of where it is painted anew.
    """

    job: ImageJob
    start: ReferenceUse | None
    repaint: ReferenceUse | None


def split(job: ImageJob) -> Split:
    """Tell references apart; an image to begin with is no reference, and a mask without one means nothing."""
    shown = tuple(use for use in job.references if use.role not in BEGINS and use.role != REPAINTS)
    start = next((use for use in job.references if use.role in BEGINS), None)
    repaint = next((use for use in job.references if use.role == REPAINTS), None)
    return Split(replace(job, references=shown), start, repaint if start is not None else None)


def wants_masks(job: ImageJob) -> bool:
    """Whether anything of a character has to be kept to its part of the frame."""
    owned = {lora.lora_id for member in job.cast for lora in member.loras}
    return any(use.role == "character" for use in job.references) or any(lora.lora_id in owned for lora in job.loras)


def guide_kinds(job: ImageJob, model: LocalModel) -> tuple[str, ...]:
    """Kinds of guides to draw; none where the film doesn't want them or the model has no ControlNet."""
    return tuple(sorted(model.controlnets)) if _guided(job) else ()


def _guided(job: ImageJob) -> bool:
    return job.run.project.composition is CompositionGuide.PREVIZ


def losses(job: ImageJob, asked: VendorJob, model: LocalModel) -> tuple[Degradation, ...]:
    """What the painter leaves out beyond what the job's fitting lists already."""
    unfiled = [
        Degradation(code="lora-dropped", what=f"adapter {lora.lora_id}"[:500], reason="the registry has no file of it")
        for lora in asked.loras
        if not is_filed(lora)
    ]
    unguided = _guided(job) and not model.controlnets
    reason = f"no ControlNet is set for {asked.model} (ICE_DIFFUSERS_MODELS)"
    missing = Degradation(code="composition-guide-not-supported", what=_GUIDE, reason=reason)
    return (*asked.degradations, *unfiled, *([missing] if unguided else []))


def is_filed(lora: Lora) -> bool:
    """Whether the registry says where its file is."""
    return lora.uri is not None and lora.sha256 is not None


@dataclass(frozen=True, slots=True)
class Material:
    """What was read and drawn for an order.

    Attributes:
        references: as in the job.
        start: image to begin with.
        repaint: mask for it.
        files: of adapters, by their hash.
        masks: PNG by character.
        guides: PNG by kind.
    """

    references: Sequence[Reference] = ()
    start: Reference | None = None
    repaint: Reference | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    masks: Mapping[str, bytes] = field(default_factory=dict)
    guides: Mapping[str, bytes] = field(default_factory=dict)


def order_of(order_id: str, job: ImageJob, asked: VendorJob, model: LocalModel, material: Material) -> Order:
    """The order: whose each adapter and reference is, and where it is heard."""
    owners: dict[str, list[str]] = {}
    for member in job.cast:
        for lora in member.loras:
            owners.setdefault(lora.lora_id, []).append(member.character_id)
    return Order(
        order_id=order_id,
        model=asked.model,
        prompt=asked.prompt,
        negative_prompt=asked.negative_prompt,
        made=asked.size,
        wanted=(asked.width, asked.height),
        seed=asked.seed or 0,
        steps=model.steps if asked.steps is None else asked.steps,
        cfg_scale=model.cfg_scale if asked.cfg_scale is None else asked.cfg_scale,
        adapters=tuple(_adapter(lora, owners, material.files) for lora in asked.loras if is_filed(lora)),
        pictures=tuple(_picture(reference) for reference in material.references),
        masks=dict(material.masks),
        guides=dict(material.guides),
        start=None if material.start is None else _start(material.start, material.repaint),
    )


def _adapter(lora: Lora, owners: Mapping[str, Sequence[str]], files: Mapping[str, Path]) -> Adapter:
    sha256 = lora.sha256 or ""
    of = owners.get(lora.lora_id, ())
    return Adapter(
        name=lora.lora_id,
        path=str(files[sha256]),
        sha256=sha256,
        scale=lora.scale,
        trigger_words=lora.trigger_words,
        # Wanted by two, it is one of the whole frame.
        owner=of[0] if len(of) == 1 else None,
    )


def _picture(reference: Reference) -> Picture:
    where, usual = _HEARD.get(reference.role, _OTHERS)
    strength = usual if reference.strength is None else reference.strength
    owner = reference.entity_id if where is Where.OWNER else None
    return Picture(reference.data, strength, where, owner)


def _start(start: Reference, repaint: Reference | None) -> Start:
    """The harder to hold to it, the less it is left."""
    denoise = _DENOISE if start.strength is None else 1.0 - start.strength
    return Start(start.data, max(_LEAST_DENOISE, round(denoise, 2)), None if repaint is None else repaint.data)
